// Which packages are used, of which wheels, and on which versions. Each is one of uses.py.

/** For `make test`: small ones, that differ in how they come at their files. */
export const FEW = {
  certifi: ["certifi"],
  tzdata: ["tzdata"],
  docutils: ["docutils"],
  jsonschema: ["jsonschema", "attrs", "pyrsistent"],
  jinja2: ["jinja2", "markupsafe"],
  pip: ["pip"],
  toolz: ["toolz"],
};

export const ALL = {
  ...FEW,
  pytz: ["pytz"],
  babel: ["babel"],
  pygments: ["pygments"],
  rich: ["rich", "pygments", "markdown_it_py", "mdurl"],
  requests: ["requests", "urllib3", "idna", "charset_normalizer", "certifi"],
  beautifulsoup4: ["beautifulsoup4", "soupsieve", "typing_extensions"],
  black: ["black", "click", "mypy_extensions", "packaging", "pathspec", "platformdirs", "pytokens"],
  django: ["django", "asgiref", "sqlparse"],
  networkx: ["networkx"],
  faker: ["faker"],
  markdown: ["markdown"],
  mistune: ["mistune"],
  setuptools: ["setuptools"],
  sphinx: [
    ...[
      "sphinx",
      "alabaster",
      "babel",
      "docutils",
      "imagesize",
      "jinja2",
      "markupsafe",
      "packaging",
    ],
    ...["pygments", "requests", "urllib3", "idna", "charset_normalizer", "certifi"],
    ...["roman_numerals", "snowballstemmer", "sphinxcontrib_applehelp", "sphinxcontrib_devhelp"],
    ...["sphinxcontrib_htmlhelp", "sphinxcontrib_jsmath", "sphinxcontrib_qthelp"],
    ...["sphinxcontrib_serializinghtml"],
  ],
  streamlit: ["streamlit"],
};
