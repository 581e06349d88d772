/// <reference lib="esnext.disposable" />

/** What this package uses of Pyodide: the object that `loadPyodide()` resolves to, of any version. */
export interface PyodideLike {
  readonly version: string;
  runPython(code: string, options?: object): unknown;
}

export interface InstallOptions {
  /**
   * Where compiled code is kept, so that no later run compiles it again:
   * - `"auto"`, the default: in a browser `"indexeddb"`; in Node the user's cache folder
   *   (`XDG_CACHE_HOME`, else `~/.cache`; `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows),
   *   in it `pyodide-zipimport`
   * - `"indexeddb"`, `"opfs"`: that storage of the page's origin, in a window or a worker
   * - `{ directory }`, in Node: a folder, by its path or `file:` URL. It is created if it is missing, with access for its owner
   *   alone, and refused if somebody else may write to it, since what it holds is executed.
   * - `"memory"`: no longer than this Pyodide
   * - a {@link Store}
   *
   * A store that cannot be used is one warning, and memory instead. What is kept is ordinary zip
   * files; several tabs, workers and processes may use one store at once.
   */
  storage?: "auto" | "indexeddb" | "opfs" | "memory" | { directory: string | URL } | Store;
  /**
   * Limit of what is stored, in bytes: beyond it, what was used longest ago is deleted. 0 turns the
   * keeping of compiled code off. Default: 256 MiB.
   */
  maxBytes?: number;
  /**
   * Limit of what is read ahead of a store that cannot be read within an import, as those of browsers, in
   * bytes: before `install()` resolves, the packs that the last visit of this page used; then, in the
   * background, those that were used last anywhere. Another pack is read when its archive is first used, and
   * serves later imports. Default: 64 MiB.
   */
  preloadBytes?: number;
  /**
   * Whether Python's `importlib.invalidate_caches()` makes the importer look at its archives again.
   * With `false` only {@link Handle.invalidate} does. Default: `true`.
   */
  implicitInvalidation?: boolean;
  /**
   * Whether newly compiled code is stored by itself: a second after the last compilation, when a page goes
   * out of sight, and when a process of Node exits. With `false` only {@link Handle.flush} does. Default: `true`.
   */
  autoFlush?: boolean;
  /**
   * Whether packages are shown in site-packages, and not unpacked there: those of `pyodide.loadPackage()` and
   * micropip, and wheels that `pyodide.unpackArchive()` is to put there. Their files are filled when Python looks at
   * them. `pyodide.loadPackage(names, options)` and `pyodide.loadPackagesFromImports(code, options)` then take
   * {@link PackageOptions} too, from Pyodide 0.28 on. Default: `false`; of {@link boot} and {@link prepare} `true`.
   */
  mountPackages?: boolean;
  /**
   * Keeps apart what several projects of one origin, or of one user, store: part of the database's or
   * folder's name. Up to 64 of A-Z a-z 0-9 _ -. Default: `""`.
   */
  namespace?: string;
  /** Whether imports are recorded from the start: see {@link Handle.setTracing}. Default: `false`. */
  trace?: boolean;
  /**
   * The address of `pyodide_zipimport.wasm`. Default: beside this module, or where a bundler has left the
   * file out, a script of this package that holds the same. A string without a scheme
   * is resolved against the page's address, or in Node against the working directory as a file name.
   * It has no effect in a Pyodide that has loaded the side module already.
   */
  wasmURL?: string | URL;
  /**
   * Takes every warning. Default: `console.warn` with the message. The message is a whole English
   * sentence; the code is stable.
   */
  onWarning?: (message: string, code: WarningCode) => void;
  /**
   * The largest size, in bytes, to which a member of an archive may inflate: one that claims more is
   * refused when it is read. A whole number, 1 or more. Default: 2 ** 30 (1 GiB).
   */
  maxMemberBytes?: number;
}

/** What `pyodide.loadPackage()` takes beside Pyodide's own options, with {@link InstallOptions.mountPackages}. */
export interface PackageOptions {
  /**
   * Called while files are fetched. Its last call for a package has all of its bytes. What it throws, the call throws:
   * packages that are there already stay.
   */
  onProgress?: (progress: PackageProgress) => void;
  /** Ends the downloads: the call is rejected with its reason. Packages that are there already stay. */
  signal?: AbortSignal;
}

export interface PackageProgress {
  /** The package. */
  name: string;
  /** Bytes that are here. */
  loaded: number;
  /** Bytes of the file; undefined where the server does not say. */
  total: number | undefined;
}

/**
 * A Pyodide whose `loadPackage()` and `loadPackagesFromImports()` take {@link PackageOptions} beside Pyodide's own. They
 * have an effect with {@link InstallOptions.mountPackages}, from Pyodide 0.28 on.
 */
export type MountingPyodide<P> = (P extends {
  loadPackage: infer L;
  loadPackagesFromImports: infer I;
}
  ? { loadPackage: WithPackageOptions<L>; loadPackagesFromImports: WithPackageOptions<I> }
  : unknown) &
  P;

type WithPackageOptions<F> = F extends (what: infer W, options?: infer O) => infer R
  ? (what: W, options?: O & PackageOptions) => R
  : F;

/** Pyodide's `loadPyodide()`, or a function of yours that calls it with the options that it is given. */
export type LoadPyodide = (options?: any) => Promise<PyodideLike>;

export interface BootOptions<L extends LoadPyodide = LoadPyodide> extends InstallOptions {
  /** The options of `loadPyodide()`: all of them. Your `fsInit` is called too; if it rejects, so does `boot()`. */
  pyodide?: NonNullable<Parameters<L>[0]>;
  /** Gives up the start: see {@link boot}. */
  signal?: AbortSignal;
  /** Called while the files of `pyodide.packages` are fetched, with {@link InstallOptions.mountPackages}. */
  onProgress?: (progress: PackageProgress) => void;
}

/** What {@link prepare} gives. */
export interface Preparation<O extends object = object> {
  /**
   * For `loadPyodide()`: your own options, with an `fsInit` that calls yours, and without `packages` where those
   * are mounted.
   */
  readonly loadPyodideOptions: O & { fsInit: (fs: any, info: any) => Promise<void> };
  /**
   * Installs the importer, and loads `packages`. On a Pyodide that has one already it gives the same handle; on one that was
   * started without `loadPyodideOptions` it does what {@link install} does, and `stats().start` says so.
   *
   * @param pyodide what `loadPyodide()` resolved to
   * @throws {ZipImportUsageError} `"not-pyodide"`
   * @throws what your `fsInit` threw, or `pyodide.loadPackage()` for your `packages`
   */
  finish(pyodide: PyodideLike): Promise<Handle>;
}

/**
 * The importer of one Pyodide. Its methods are synchronous where they do not say otherwise. After a degraded start, and after
 * `uninstall()`, they check their arguments and do nothing.
 */
export interface Handle {
  /** Whether the importer is in use. `false` after a degraded start and after `uninstall()`. */
  readonly active: boolean;
  /**
   * Makes the importer look at an archive again before its next use. Reads nothing now, and costs the
   * same for any number of archives. Pinned archives are looked at again too, and stay pinned.
   *
   * @param path the archive's path in Pyodide's file system; left out: all archives
   * @throws {ZipImportUsageError} `"bad-path"`, `"url-unavailable"`
   * @throws {ZipImportInternalError} `"python-failed"`
   */
  invalidate(path?: string): void;
  /**
   * Makes `importlib.invalidate_caches()` pass an archive by. An archive can be pinned before its
   * first use, or before it exists. The standard library's archive is pinned by `install()`.
   *
   * @param path the archive's path in Pyodide's file system
   * @throws {ZipImportUsageError} `"bad-path"`, `"url-unavailable"`
   * @throws {ZipImportInternalError} `"python-failed"`
   */
  pin(path: string): void;
  /**
   * Takes a pin off, and applies the invalidation that the archive missed meanwhile.
   *
   * @param path the archive's path in Pyodide's file system
   * @throws {ZipImportUsageError} `"bad-path"`, `"url-unavailable"`
   * @throws {ZipImportInternalError} `"python-failed"`
   */
  unpin(path: string): void;
  /**
   * The importer's counters, as a new object. All are 0 while the handle is not active.
   *
   * @throws {ZipImportInternalError} `"python-failed"`
   */
  stats(): Stats;
  /**
   * What importing took: one record for each module that this importer executed since tracing was
   * turned on, in the order in which they ended. Modules of other importers count within the module
   * that imported them. Reading changes nothing: {@link Handle.setTracing} turns tracing on and off.
   *
   * @param options `format: "chrome"` gives trace events, which Chrome's tools, Perfetto and speedscope open
   * @throws {ZipImportUsageError} `"unknown-option"`, `"bad-option"`
   * @throws {ZipImportInternalError} `"python-failed"`
   */
  trace(options?: { format?: "records" }): TraceRecord[];
  trace(options: { format: "chrome" }): ChromeTrace;
  /**
   * Turns tracing on, which begins a new list unless it is on already, or off, which keeps the list.
   *
   * @throws {ZipImportUsageError} `"bad-option"`
   * @throws {ZipImportInternalError} `"python-failed"`
   */
  setTracing(on: boolean): void;
  /**
   * Mounts an archive, a wheel for example: its modules can be imported at once, and its files are there
   * as if it had been unpacked, without the time and the memory that this takes. Nothing is there before the
   * whole archive is read and checked. Where the importer is not in use (see `active`) it is unpacked instead.
   *
   * An archive that is mounted under the same name already gives the same mount, if its content is
   * the same.
   *
   * @param source what to read. A string is a URL; in Node also a path of the host, unless it has a scheme.
   *   An ArrayBuffer, or a typed array that fills its buffer, is taken over: the caller's is detached, also if
   *   the call fails; `copy: true` leaves it alone. A part of a buffer is copied.
   * @param options each one may be left out or `undefined`
   * @throws {ZipImportUsageError} `"bad-source"`, `"unknown-option"`, `"bad-option"`, `"name-in-use"`
   * @throws {ZipImportInternalError} `"source-unreachable"`, `"timed-out"`, `"integrity-mismatch"`,
   *   `"integrity-unavailable"`, `"not-an-archive"`, `"python-failed"`
   * @throws the signal's reason, or what `onProgress` threw
   */
  mount(source: ArchiveSource, options?: MountOptions): Promise<Mount>;
  /**
   * Stores what was compiled. Resolves when that is done, also where the store fails: that is a
   * warning, and the next flush tries again.
   *
   * @param options `signal` ends the wait: the promise is rejected with the signal's reason, no further
   *   step begins, nothing is left half written, and what was not stored stays queued
   * @throws {ZipImportUsageError} `"unknown-option"`, `"bad-option"`
   * @throws the signal's reason
   */
  flush(options?: { signal?: AbortSignal }): Promise<void>;
  /**
   * Deletes the compiled code kept of an archive, from the store and from memory.
   *
   * @param path the archive's path in Pyodide's file system; left out: all that this package stored
   * @throws {ZipImportUsageError} `"bad-path"`, `"url-unavailable"`
   */
  clear(path?: string): Promise<void>;
  /**
   * Unmounts all archives, and gives the imports back to Python's own zip importer. The next
   * `install()` on this Pyodide starts anew; after a degraded start that is how to try again. A memory
   * snapshot can be made before `install()` and after this.
   *
   * @throws {ZipImportInternalError} `"python-failed"`; the importer is then still in use
   */
  uninstall(): void;
  /** `using zips = ...`: {@link Handle.uninstall}. Absent where the engine has no `Symbol.dispose`. */
  [Symbol.dispose](): void;
  /**
   * `await using zips = ...`: {@link Handle.flush}, then {@link Handle.uninstall}. Absent where the
   * engine has no `Symbol.asyncDispose`.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What {@link Handle.mount} takes. */
export type ArchiveSource =
  URL | string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView | Blob | Response;

export interface ReplaceOptions {
  /**
   * The archive's sha-256 digest, as pages write it: `"sha256-"` and 44 characters of base64. It is checked
   * before anything else is done with the bytes.
   */
  integrity?: string;
  /** Whether bytes in memory are copied instead of taken over. Default: `false`. */
  copy?: boolean;
  /** Options of `fetch()`, for a URL. */
  request?: Omit<RequestInit, "signal">;
  /** Limit of the time that reading may take, in milliseconds. */
  timeout?: number;
  /**
   * Told how far the reading is, in bytes. `total` is undefined where the server does not say it; the last
   * call has both.
   */
  onProgress?: (progress: { loaded: number; total: number | undefined }) => void;
  /** Ends the reading: the promise is rejected with its reason, and nothing has changed. */
  signal?: AbortSignal;
}

export interface MountOptions extends ReplaceOptions {
  /**
   * The name of the folder in `/lib/zip`. Default: the last part of the URL or path, or the file's name; else
   * `archive-` and the CRC-32 of the archive's directory.
   */
  name?: string;
  /** Where the folder stands on `sys.path`. Default: `"prepend"`. */
  sysPath?: "prepend" | "append" | false;
  /**
   * When the archive's extension modules are loaded and compiled: when they are imported (`"lazy"`), or all of them
   * before `mount()` is done (`"ahead"`). `"auto"` is `"lazy"`, but on a page's own thread large ones, from 4 MiB
   * on, are loaded ahead: Chromium refuses to compile more than 8 MB while an import waits. Default: `"auto"`.
   */
  extensions?: "auto" | "ahead" | "lazy";
}

/** A mounted archive. */
export interface Mount {
  readonly name: string;
  /** The folder in Pyodide's file system: `/lib/zip/` and the name. */
  readonly path: string;
  /**
   * Takes the archive away. Modules that were imported stay, and files that are open can be read on. What
   * Python wrote there is gone; a warning (`"changes-lost"`) names it. A second time it does nothing.
   */
  unmount(): void;
  /**
   * Reads the source once more, with the options of the mount, and mounts what it is now: for the next import.
   * Asks a server, not the browser's cache. If it fails, all is as it was.
   *
   * @param options `signal` ends the reading: the promise is rejected with its reason
   * @returns whether the content was another one; if not, nothing has changed
   * @throws {ZipImportUsageError} `"not-readable-again"`: it was mounted from bytes or a Response; `"unmounted"`
   * @throws {ZipImportInternalError} those of {@link Handle.mount}
   */
  invalidate(options?: { signal?: AbortSignal }): Promise<boolean>;
  /**
   * The same with another source, which `invalidate()` reads from then on.
   *
   * @throws {ZipImportUsageError} `"unmounted"`, and those of {@link Handle.mount}
   * @throws {ZipImportInternalError} those of {@link Handle.mount}
   */
  replace(source: ArchiveSource, options?: ReplaceOptions): Promise<boolean>;
  /** `using lib = ...`: {@link Mount.unmount}. Absent where the engine has no `Symbol.dispose`. */
  [Symbol.dispose](): void;
  /** `await using lib = ...`: the same. Absent where the engine has no `Symbol.asyncDispose`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Counts since the side module was loaded, except where a unit is named. */
export interface Stats {
  /** Archive files opened. */
  opens: number;
  /** Reads from archive files. */
  reads: number;
  /** Bytes that those reads gave. */
  readBytes: number;
  /** Calls of `os.stat` and `os.fstat`, for stamps and new importers. */
  stats: number;
  /** Central directories parsed into a new index. */
  parses: number;
  /** Invalidated archives that were looked at again and found unchanged. */
  revalidations: number;
  /** Reads done again because the archive had changed under its index. */
  retries: number;
  /** Memory allocations of the archive core. */
  allocations: number;
  /** Sources compiled. */
  compiles: number;
  /** Bytecode members loaded. */
  unmarshals: number;
  /** Members inflated. */
  inflates: number;
  /** Module lookups that found something. */
  hits: number;
  /** Module lookups that found nothing. */
  misses: number;
  /** Invalidations, of one archive or of all. */
  invalidations: number;
  /** Archives known now. */
  archives: number;
  /** Entries of the indexes held now. */
  entries: number;
  /** Memory of the indexes held now, in bytes. */
  indexBytes: number;
  /** Memory of the central directories held now, in bytes. */
  directoryBytes: number;
  /** Writes to pack files, in Pyodide's file system. */
  writes: number;
  /** Bytes that were written to them. */
  writeBytes: number;
  /** Modules whose code was there: compiled by an earlier run, or earlier in this one. */
  packHits: number;
  /** Modules whose code was not there, and so was compiled. */
  packMisses: number;
  /** Members of packs passed over, since they were compiled from another source. */
  packOtherSource: number;
  /** The same, since another Python compiled them. */
  packOtherMagic: number;
  /** The same, since they are damaged. */
  packDamaged: number;
  /** Pack files opened. */
  packLoads: number;
  /** Pack files that could not be opened: not archives, or cut short. */
  packsRefused: number;
  /** Bytes of compiled code taken from packs. */
  packBytes: number;
  /** Pack files written. */
  packWrites: number;
  /** What is mounted now. */
  mounts: MountStats;
  /** Packages that were installed since; absent without {@link InstallOptions.mountPackages}. */
  packages?: PackageStats;
  /** Where compiled code is kept, and how much; absent where none is. */
  storage?: StorageStats;
  /** How Pyodide was started; absent without {@link boot} or {@link prepare}. */
  start?: StartStats;
}

/** How {@link boot} started Pyodide. */
export type StartStats =
  | {
      /** Pyodide started from what an earlier start had compiled. */
      library: "kept";
      /** Size of that archive. */
      bytes: number;
      /** Modules that had to be compiled all the same. */
      compiles: number;
    }
  | {
      /** Pyodide started from its own archive of sources. */
      library: "stock";
      /** Why. */
      reason: string;
      /** Modules that were compiled; by stock's importer, twice. */
      compiles: number;
    };

export interface MountStats {
  count: number;
  /** Memory of the archives. */
  archiveBytes: number;
  /** Files and folders that were looked at, and so are there. */
  nodes: number;
  /** Files of which the contents were asked for. */
  fills: number;
  /** Memory of such contents. What was not changed is dropped again, the oldest first. */
  filledBytes: number;
  /** How often that was done. */
  drops: number;
}

export interface PackageStats extends MountStats {
  /** File names of the wheels that are shown. */
  mounted: string[];
  /** What Pyodide unpacked, as without this package, and why. */
  unpacked: { name: string; reason: string }[];
  /** Sentences: what of Pyodide or micropip is not as this package knows it. What passes there is unpacked. */
  missing: string[];
}

/** What a store holds, as of the last time it was asked. */
export interface StorageStats {
  /** `"memory"` too after a warning that another store cannot be used; `"custom"` for your own. */
  kind: "indexeddb" | "opfs" | "directory" | "memory" | "custom" | (string & {});
  /** The database's or folder's name, or the folder's path. */
  where?: string;
  bytes: number;
  entries: number;
}

/**
 * A store of your own: byte arrays by name. Names are 1 to 200 of A-Z a-z 0-9 . _ - with no dot in
 * front. `put` must be atomic: whatever happens, a name has its old value or its new one. No locks are
 * needed: whichever of two values wins that are put under one name at the same time, no code is lost.
 */
export interface Store {
  /** Whether methods return plain values and not promises; only then an import can wait for them. */
  readonly sync?: boolean;
  readonly kind?: string;
  readonly where?: string;
  /** The value, or undefined. It is not changed by whoever gets it. */
  get(name: string): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** At least one byte. The store may keep the array itself. */
  put(name: string, bytes: Uint8Array): void | Promise<void>;
  /** For a store that is `sync`: `put` without holding up the thread. It is called for large values where there is time. */
  putAsync?(name: string, bytes: Uint8Array): Promise<void>;
  /** No error if there is none. */
  delete(name: string): void | Promise<void>;
  list(): StoredEntry[] | Promise<StoredEntry[]>;
  /** For a store that is not `sync`: the values of many names, where that costs less than many calls of `get`. */
  getMany?(names: string[]): Promise<(Uint8Array | undefined)[]>;
  /** Marks an entry as used now, which is what eviction goes by. No error if there is none. */
  touch?(name: string): void | Promise<void>;
}

export interface StoredEntry {
  name: string;
  nbytes: number;
  /** When it was last put or touched, in milliseconds since the epoch. */
  usedMs: number;
}

/** One executed module. */
export interface TraceRecord {
  name: string;
  /** Path of the archive it came from. */
  archive: string;
  /**
   * Where its code came from: a pack, a `.pyc` of the archive, the source compiled now, or whatever
   * a subclass of the importer did.
   */
  origin: "pack" | "pyc" | "compiled" | "other";
  /** Bytes of that code, or of that source. */
  bytes: number;
  /** When its execution began, in milliseconds since tracing was turned on. */
  startMs: number;
  /** Milliseconds it took without the modules that it imported. */
  ownMs: number;
  /** The same with them. */
  totalMs: number;
}

/** Trace events as JSON, in the "Trace Event Format". Times are in microseconds. */
export interface ChromeTrace {
  traceEvents: {
    name: string;
    cat: string;
    ph: "X";
    ts: number;
    dur: number;
    pid: number;
    tid: number;
    args: { archive: string; origin: string; bytes: number; ownMs: number };
  }[];
  displayTimeUnit: "ms";
}

/**
 * - `"not-pyodide"`: what `install()` or `finish()` was given, or `boot()` got from its loader, is no Pyodide;
 *   or the first argument of `boot()` is no function
 * - `"unknown-option"`: no option has that name
 * - `"bad-option"`: an option, or all of them, has a value of the wrong kind
 * - `"option-unavailable"`: the option is right, and this version cannot honour it yet
 * - `"bad-path"`: a path is not a string, or empty
 * - `"url-unavailable"`: a URL stands where only a path can be taken
 * - `"bad-source"`: what is to be mounted is nothing that can be read
 * - `"name-in-use"`: another archive is mounted under that name, or something else lies there
 * - `"not-readable-again"`: a mount's source can be read once only
 * - `"unmounted"`: a mount is used that was unmounted
 */
export type UsageErrorCode =
  | "not-pyodide"
  | "unknown-option"
  | "bad-option"
  | "option-unavailable"
  | "bad-path"
  | "url-unavailable"
  | "bad-source"
  | "name-in-use"
  | "not-readable-again"
  | "unmounted";

/**
 * Why a start degraded, as the warning's code too; and, thrown by the handle's methods:
 * - `"python-failed"`: the Python module raised an exception, which is the error's `cause`
 * - `"source-unreachable"`: a file or an address cannot be read
 * - `"timed-out"`: the same, within the time that the option `timeout` allows
 * - `"integrity-mismatch"`: what was read has another digest than it shall have
 * - `"integrity-unavailable"`: a digest cannot be computed here: the page is no secure context
 * - `"not-an-archive"`: what was read is no zip archive, or a damaged one
 *
 * For a degraded start:
 * - `"pyodide-unsupported"`: not a version of Pyodide that this package knows
 * - `"wasm-unreachable"`: the side module could not be read or fetched
 * - `"wasm-invalid"`: what was read is not the side module
 * - `"load-failed"`: Pyodide refused to load the side module
 * - `"version-mismatch"`: the side module is of another version of this package than the JavaScript
 *
 * Of an import of `pyodide-zipimport/pyodide`:
 * - `"pyodide-unreachable"`: no module of Pyodide is where it was looked for
 */
export type InternalErrorCode =
  | "pyodide-unsupported"
  | "wasm-unreachable"
  | "wasm-invalid"
  | "load-failed"
  | "version-mismatch"
  | "pyodide-unreachable"
  | "python-failed"
  | "source-unreachable"
  | "timed-out"
  | "integrity-mismatch"
  | "integrity-unavailable"
  | "not-an-archive";

/**
 * Those of a degraded start, after which Python's own zip importer stays in use, and:
 * - `"options-ignored"`: a later `install()` asked for other options than the first one set
 * - `"store-unavailable"`: the store cannot be opened; compiled code is kept in memory only
 * - `"store-failed"`: the store can be opened, and something in it cannot be read or written
 * - `"changes-lost"`: a mount is gone or replaced, and with it what Python had written there
 */
export type WarningCode =
  InternalErrorCode | "options-ignored" | "store-unavailable" | "store-failed" | "changes-lost";

/** The caller's fault: an argument that cannot be used. Nothing has been changed. */
export class ZipImportUsageError extends TypeError {
  constructor(code: UsageErrorCode, message: string);
  readonly code: UsageErrorCode;
}

/** Ours, or the environment's: what was asked for is right and could not be done. */
export class ZipImportInternalError extends Error {
  constructor(code: InternalErrorCode, message: string, options?: { cause?: unknown });
  readonly code: InternalErrorCode;
}

/**
 * Makes every import from a zip archive in a Pyodide, the standard library's included, go through
 * this package's importer.
 *
 * What is not the caller's fault (an unknown Pyodide, a side module that cannot be fetched or
 * loaded) is one warning and a handle that is not active; Python then imports as it did before.
 * A second call on one Pyodide gives the same handle, also while the first is under way.
 *
 * @param pyodide what `loadPyodide()` resolved to: Pyodide 0.27, 0.28, 0.29, 314 or 315
 * @param options each one may be left out or `undefined`
 * @throws {ZipImportUsageError} `"not-pyodide"`, `"unknown-option"`, `"bad-option"`, `"option-unavailable"`
 */
export function install(pyodide: PyodideLike, options?: InstallOptions): Promise<Handle>;

/**
 * Starts Pyodide and installs the importer. From the second start on Pyodide's own modules are not
 * compiled again: what the first start compiled is kept beside the bytecode of imports, checked, and put
 * into the place of Pyodide's archive of sources while Python starts. Where nothing fits or the store
 * fails it is an ordinary start; `zips.stats().start` says which one it was.
 *
 * @param loadPyodide Pyodide's own function
 * @param options those of {@link install}, `pyodide`: those of `loadPyodide()`, and `signal`, which rejects the
 *   promise with its reason: a Pyodide that is being loaded is left to itself, without our importer
 * @throws {ZipImportUsageError} `"not-pyodide"`, `"unknown-option"`, `"bad-option"`, `"option-unavailable"`
 * @throws what `loadPyodide()` throws, or your `fsInit`, or the signal's reason
 */
export function boot<L extends LoadPyodide>(
  loadPyodide: L,
  options?: BootOptions<L>,
): Promise<{ pyodide: MountingPyodide<Awaited<ReturnType<L>>>; zips: Handle }>;

/**
 * The first half of {@link boot}, for programs that call `loadPyodide()` themselves: begins to open the
 * store and to read what an earlier start has compiled.
 *
 * @param options those of {@link install}, `pyodide`: those of `loadPyodide()`, and `signal`: once it is aborted,
 *   `finish()` is rejected with its reason and installs nothing
 * @throws {ZipImportUsageError} `"unknown-option"`, `"bad-option"`, `"option-unavailable"`
 * @throws the signal's reason
 */
export function prepare<O extends object>(
  options?: InstallOptions & {
    pyodide?: O;
    signal?: AbortSignal;
    onProgress?: (progress: PackageProgress) => void;
  },
): Preparation<O>;
