"""Every intended difference from stock: row id -> what stock does, what ours does, why. docs/compatibility.md has these rows.

The ids are those of @difference in the tests, which also know on which versions stock differs.
"""

from typing import NamedTuple


class Row(NamedTuple):
    versions: str   # the Python versions on which stock differs
    stock: str
    ours: str
    why: str


EVERY = "3.11 to 3.15"

DIFFERENCES = {
    # Which archives open
    "comment-with-end-signature": Row(
        EVERY, "an archive comment that contains the end signature hides the directory: the archive is refused or looks empty",
        "the end record whose fields fit the file is used", "an author may write any bytes into the comment"),
    "many-entries-without-zip64": Row(
        "3.13 to 3.15", "more than 65,535 entries without a ZIP64 record are refused; 3.11 and 3.12 read them",
        "are read; the count is compared modulo 65,536", "many writers do this, and every other reader copes"),
    "zip64": Row(
        "3.11, 3.12", "ZIP64 records are not known", "read on every version", "newest behaviour on every version"),
    "zip64-extensible-data": Row(
        EVERY, "the ZIP64 end record must lie just 76 bytes before the end record", "found through its locator",
        "the format allows data behind the record's fixed fields"),
    "zip64-extra-followed-by-another": Row(
        "3.13 to 3.15", "a ZIP64 extra field followed by another one is refused", "each extra field has its own length",
        "Info-ZIP writes a timestamp behind it"),
    "zip64-entry-comment": Row(
        "3.13 to 3.15", "a ZIP64 extra field in an entry with a comment is refused", "the comment is not part of the extra field",
        "the length check of stock takes in the comment"),
    "zip64-missing-values": Row(
        EVERY, "3.13 to 3.15: IndexError; before, the number is taken as it stands", "ZipImportError: can't read header extra",
        "any other exception than ImportError breaks imports from every other place on sys.path"),
    "implicit-directories": Row(
        "3.11 to 3.13", "a directory without an entry of its own is no namespace package and has no data",
        "is there, as in 3.14", "newest behaviour on every version (python/cpython#59110). In the values of "
        "_zip_directory_cache it shows from 3.14 on, as in stock"),
    "deep-implicit-directories": Row(
        "3.14, 3.15", "a name with n levels makes n implicit directories, each with a name of its own: quadratic memory",
        "directories deeper than 1,000 levels are neither indexed nor shown; the member itself is. Where the directories' names "
        "together are 64 times the directory or more, _zip_directory_cache shows none of them", "a bound on hostile names"),
    "unicode-path-extra": Row(
        EVERY, "ignored", "the Unicode name that an Info-ZIP extra field (0x7075) ties to the header's name by CRC-32 is the name",
        "it is the only place where some archivers write the true name"),
    "names-as-shown": Row(
        EVERY, "a name is what its bytes are in UTF-8, if flagged, or in code page 437; backslashes, a `./` or `/` at its beginning, and empty parts and parts `.`, are parts of it",
        "a member is found under that name, and under the name that unzip shows. That one is UTF-8 without the flag if the entry was made on Unix "
        "or OS X. It has slashes for backslashes if the entry was made on FAT and has no slash. It has no `./` or `/` at its beginning, and no empty part "
        "or part `.` before another. "
        "_zip_directory_cache has the name that unzip shows. A name with a part `..` stays as it is", "macOS' Archive Utility, zip in a C locale, PowerShell, bsdtar, and programs that join paths write such names"),
    "resources-by-stored-names": Row(
        EVERY, "modules under such names are not found", "are found, their resources only under the names as stored",
        "importlib.resources opens the archive with zipfile"),
    "symbolic-links": Row(
        EVERY, "the text of a symbolic link is the member: it is returned, compiled, executed",
        "links of files and directories are followed inside the archive. `__file__` and co_filename are the link's path. A link that leads out of the "
        "archive, is absolute, leads nowhere or in a loop is a ZipImportError that names the link and its text. pkgutil lists what the archive lists",
        "python/cpython#84705; the text of a link must not be executed"),
    "resources-through-links": Row(
        EVERY, "a module in a linked directory is not found", "is found, and has no resources", "importlib.resources opens the archive with zipfile"),
    # Which do not, and how that is told
    "short-file": Row(
        "3.11, 3.12", "a file too short for an end record: can't read Zip file", "not a Zip file, as in 3.13",
        "newest behaviour on every version"),
    "entry-count-checked": Row(
        "3.11, 3.12", "a directory with other than the promised number of entries is read as far as it goes",
        "mismatched num_entries, as in 3.13", "newest behaviour on every version: a directory that was cut must not be taken for a small one"),
    "truncated-directory": Row(
        EVERY, "EOFError", "ZipImportError", "any other exception than ImportError breaks imports from every other place"),
    "invalid-utf8-name": Row(
        "3.11 to 3.14.9, 3.15.0, 3.15.1", "UnicodeDecodeError",
        "ZipImportError whose __cause__ is the UnicodeDecodeError, as in 3.14.10 and 3.15.2",
        "newest behaviour on every version (python/cpython#153679)"),
    "zip64-contradiction": Row(
        EVERY, "where the end record and its ZIP64 record state different numbers, the ZIP64 record's are taken; 3.11 and 3.12 know "
        "only the end record's", "ZipImportError: ZIP64 end record contradicts the end record", "two readers would see two archives"),
    "zip64-damaged-record": Row(
        "3.13 to 3.15", "a ZIP64 end record is used whatever its own size field and its locator's signature say",
        "it is used only if both are right, as in other readers; otherwise ZipImportError: bad central directory size",
        "only these two tell a record from bytes that look like one"),
    "entry-past-directory": Row(
        EVERY, "a last entry whose name, extra field and comment run into the end record is read",
        "ZipImportError: central directory entry runs past the directory's end", "the directory's size says where it ends"),
    "directory-error-place": Row(
        EVERY, "errors name the archive", "also the entry, the offset and the values that disagree, in parentheses behind stock's text",
        "says what is wrong"),
    # Members
    "crc-checked": Row(
        EVERY, "the CRC-32 is never looked at: damaged data is returned and executed", "ZipImportError",
        "damaged code must not run"),
    "size-checked": Row(
        EVERY, "the uncompressed size is never looked at", "ZipImportError when the data is shorter or longer",
        "finds damage; a zip bomb is not inflated beyond the size in its directory"),
    "member-limit": Row(
        EVERY, "a member of any size is inflated", "over 1 GiB it is refused, unless max_member_bytes raises that limit",
        "a browser's tab has little memory"),
    "member-errors": Row(
        EVERY, "EOFError, OSError, zlib.error or zstd's error", "ZipImportError",
        "a module that cannot be read is a failed import"),
    "unsupported-method": Row(
        EVERY, "up to 3.14 zlib.error, in 3.15 «unsupported compression N»", "ZipImportError: unsupported compression method N",
        "says what is wrong"),
    "zstd": Row("3.14", "zstd members are known from 3.15 on", "read wherever Python has _zstd", "newest behaviour on every version"),
    "encrypted-member": Row(
        EVERY, "the encrypted bytes are returned or compiled", "ZipImportError: encrypted member", "says what is wrong"),
    "get-data-steps": Row(
        EVERY, "get_data takes `.` and `..` for names", "a member with such a name is found under it. Otherwise they are steps, as in a directory; a path that leads out of the "
        "archive is not found",
        "paths are joined so (pallets/jinja#1467)"),
    # Finding modules
    "find-spec-compiles-nothing": Row(
        EVERY, "find_spec and get_filename read the member and compile or unmarshal it, and importing does so again; from 3.15.1 "
        "on only if it is a .pyc",
        "find_spec reads no source, and bytecode only to judge it; importing compiles or unmarshals once",
        "python/cpython#141276. A member that cannot be read or unmarshalled is therefore found, and fails when executed"),
    "syntax-error-at-execution": Row(
        EVERY, "find_spec and get_filename of a module with a syntax error raise it, through the importer's frames; from 3.15.1 on "
        "executing it does, through those frames", "they find it; the error is raised where the module is executed, without frames of the import system",
        "follows from compiling once; importing from a directory does the same"),
    "syntax-warning-once": Row(
        "3.11 to 3.15.0", "a SyntaxWarning is shown twice", "once, as from 3.15.1 on", "follows from compiling once"),
    "pyc-co-filename": Row(
        EVERY, "functions from a .pyc keep the path at which it was compiled",
        "where the source lies beside the .pyc, the source's path; alone, the path at which it was compiled",
        "bpo-18307: tracebacks, inspect and coverage find the source; importing from a directory does the same"),
    "short-pyc-header": Row(
        EVERY, "a .pyc that is cut in its header is an EOFError", "where the source lies beside it, the source is used",
        "importing from a directory does the same"),
    "pyc-time-zone": Row(
        EVERY, "a .pyc's time stamp is compared with the entry's local time: stale in another time zone",
        "if the entry has an extended timestamp (0x5455), which is UTC, it is compared with that one", "python/cpython#141431"),
    "get-source-decodes": Row(
        EVERY, "get_source decodes as UTF-8 whatever the source says, and keeps byte order mark and line endings",
        "decodes as importlib does from a directory (PEP 263, universal newlines)", "sources that compile can be shown"),
    # Invalidation
    "lazy-invalidation": Row(
        "3.11, 3.12", "invalidate_caches reads the directory again at once", "at the next access, as from 3.13 on",
        "newest behaviour on every version (python/cpython#103200)"),
    "unchanged-archive-not-reread": Row(
        EVERY, "after an invalidation the directory is read and parsed again", "one stat; the directory is read and compared where that is no proof, and parsed only if it changed: docs/caching.md",
        "microseconds instead of milliseconds per archive (python/cpython#103200)"),
    "invalidation-reaches-all": Row(
        "3.11, 3.12", "other importers of the archive keep the old directory", "all see the new one, as from 3.13 on",
        "newest behaviour on every version"),
    "vanished-archive-one-stat": Row(
        "3.13 to 3.15", "an archive that vanished is opened, in vain, several times at every lookup", "a lookup costs one stat",
        "the last failure is remembered with what stat said then"),
    "absent-archive-found-again": Row(
        "3.11, 3.12", "an archive that was missing or half written when it was looked at is not found before the next invalidation",
        "is found as soon as it is there, as from 3.13 on", "newest behaviour on every version"),
    "changed-archive-reread": Row(
        EVERY, "an archive that changed without an invalidation gives errors or another module's bytes",
        "noticed at the first wrong byte; the directory is read again and the access repeated, once, unless code is asked for and the module "
        "was no package before and is one now, or the reverse: a ZipImportError, once. One that vanished raises "
        "FileNotFoundError as in stock, and from then on has no modules and no data", "python/cpython#63281"),
    "reload-looks": Row(
        EVERY, "importlib.reload() of a module whose archive was written anew reads other bytes, or fails, unless caches were "
        "invalidated before", "reload looks at the archive first: one stat, and whatever changed is read again",
        "a module is reloaded because it was changed; importing from a directory does the same"),
    "relative-archive": Row(
        EVERY, "a relative archive is looked for, at each read, in the folder that is the current one by then, with the directory of "
        "the first archive of that spelling", "in the folder in which the importer was made, as importlib's FileFinder does; audit "
        "hooks see the absolute path, and `__path__` of a package that `find_spec()` found is absolute: `get_data()` takes both spellings, but a "
        "program that cuts `archive` off `__path__`, as jinja2's `list_templates()`, has to be given an absolute path",
        "one job's code must not run for the next job, which changes its folder"),
    "archive-attribute": Row(
        "3.11, 3.12", "setting an importer's archive attribute leaves it with the old directory", "takes the other archive's, as "
        "from 3.13 on", "newest behaviour on every version"),
    # The mapping
    "directory-cache-type": Row(
        EVERY, "_zip_directory_cache is a dict", "a mapping with all of dict's methods, and no dict: json and copy.deepcopy do not take it",
        "dict(x) would go past the methods of a subclass and find nothing"),
    "directory-cache-loads": Row(
        "3.13 to 3.15", "an invalidated key is missing", "missing from in, len, get and iteration; subscription loads it",
        "pkgutil subscribes (python/cpython#121342)"),
    "directory-cache-assignment": Row(
        EVERY, "what is assigned to a key, or changed in a value, is used for imports", "can be read back, and is used for nothing",
        "imports use the index that the archive's bytes gave"),
    "read-directory-patching": Row(
        EVERY, "replacing zipimport._read_directory changes how archives are read", "changes nothing", "the index is not made there"),
    "pkgutil-after-invalidation": Row(
        "3.13 to 3.15", "pkgutil.iter_modules raises KeyError after an invalidation", "lists the modules",
        "python/cpython#121342"),
    "pkgutil-vanished-archive": Row(
        EVERY, "pkgutil.iter_modules raises KeyError when an archive on sys.path was deleted and invalidated", "lists none of its modules",
        "one missing archive must not stop the listing of the others"),
    "registered-while-installed": Row(
        EVERY, "what registers something for zipimport.zipimporter registers it for every archive's importer",
        "while ours is installed, it is registered for our class. It does not serve importers of stock's class that a program still holds; an "
        "example is pkgutil, if it is imported after install. Uninstall registers stock's class with pkgutil, and with nothing else",
        "stock's class does not derive from ours"),
    "verbose-messages": Row(
        EVERY, "with -v each archive's directory is a line: zipimport: found N names", "none; trace() tells what was imported and how",
        "the directory is read in C, and rarely"),
    # Bytecode packs
    "pack-judged-by-crc": Row(
        EVERY, "nothing compiled is kept; of a .pyc in an archive, _imp.check_hash_based_pycs says whether its hash is checked",
        "what an earlier run compiled is used if it is of a source with the member's CRC-32 and size, whatever that setting says",
        "both numbers are in the directory: checking costs no read"),
    "pack-warns-once": Row(
        EVERY, "a SyntaxWarning is shown whenever the module is imported", "not shown again while compiled code is kept",
        "follows from not compiling again; importing from a directory does the same"),
    "pack-reads-no-source": Row(
        EVERY, "a module whose source is damaged in the archive cannot be imported",
        "it can, while its compiled code is kept and the directory is valid", "the source is not read"),
    # The class
    "files-attribute": Row(
        "3.11, 3.12", "the table is an importer's attribute _files, in its __dict__ too", "an attribute, not in vars(importer)",
        "it is made when somebody asks for it"),
    "argument-types": Row(
        EVERY, "a module name that is not a str is an AttributeError (a bytes: a TypeError) about one of its methods",
        "TypeError: expected str, and what was found", "names what is wrong"),
    "type-bases": Row(
        EVERY, "zipimporter derives from _LoaderBasics", "from a C type and from stock's zipimporter",
        "isinstance checks and registrations made for stock's class hold for ours"),
    "init-signature": Row(
        EVERY, "inspect.signature(zipimporter.__init__) is (self, path)", "(self, /, *args, **kwargs); that of the class is (path) in both",
        "a slot has no signature of its own, and from 3.12 on inspect.signature() of a class whose __init__ is a method written in C "
        "raises TypeError"),
    "type-layout": Row(
        EVERY, "a class may derive from zipimporter and, say, dict", "TypeError: the layouts conflict",
        "ours has C fields"),
}
