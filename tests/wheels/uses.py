"""A real use of each package, mounted or unpacked: run(name) gives what it answers, as text."""

import contextlib
import importlib.metadata
import importlib.util
import io
import os
import runpy
import sys


def certifi():
    import certifi

    return certifi.where(), len(certifi.contents())


def tzdata():
    import datetime
    import zoneinfo

    zoneinfo.reset_tzpath(to=[])
    moment = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.timezone.utc)
    zones = sorted(zoneinfo.available_timezones())
    return len(zones), [str(moment.astimezone(zoneinfo.ZoneInfo(zone))) for zone in zones]


def pytz():
    import datetime

    import pytz

    moment = datetime.datetime(2026, 7, 1, 12)
    return [str(pytz.timezone(zone).localize(moment)) for zone in pytz.all_timezones]


TEXT = """
Title
=====

A *paragraph* with a [1]_ and :math:`x^2`.

====  ====
a     b
====  ====
1     2
====  ====

.. [1] A footnote.

.. code:: python

   print("code")
"""


def docutils():
    from docutils.core import publish_parts

    return publish_parts(TEXT, writer="html5", settings_overrides={"datestamp": None})["whole"]


def babel():
    import datetime

    from babel import Locale, dates, numbers

    day = datetime.date(2026, 11, 27)
    return [
        (name, dates.format_date(day, "full", name), numbers.format_currency(1234.5, "EUR", locale=name), Locale(name).display_name)
        for name in "ar cs de en fr he ja pt ru zh".split()
    ]


def rich():
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.syntax import Syntax
    from rich.table import Table

    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="truecolor")
    table = Table("name", "value", title="A table")
    table.add_row("a", "[bold]1[/bold] :smiley:")
    for each in (table, Markdown("# Title\n\n- one\n- `two`"), Syntax("def f(): pass", "python")):
        console.print(each)
    return console.file.getvalue()


def pygments():
    from pygments import highlight
    from pygments.formatters import HtmlFormatter, get_all_formatters
    from pygments.lexers import PythonLexer, get_all_lexers, get_lexer_by_name

    names = sorted(aliases[0] for _, aliases, _, _ in get_all_lexers() if aliases)
    loaded = [type(get_lexer_by_name(name)).__module__ for name in names[::10]]
    formatters = sorted(each.__name__ for each in get_all_formatters())
    return names, loaded, formatters, highlight("x = f'{1}'", PythonLexer(), HtmlFormatter(full=True))


def requests():
    import requests

    prepared = requests.Request("POST", "https://münchen.example/a b?x=1", json={"a": "ü"}).prepare()
    return prepared.method, prepared.url, dict(prepared.headers), prepared.body, requests.certs.where()


def beautifulsoup4():
    from bs4 import BeautifulSoup

    soup = BeautifulSoup("<p class=a>One<p>Two <b>bold</b>", "html.parser")
    return soup.prettify(), [each.text for each in soup.select("p.a, b")]


def jsonschema():
    import jsonschema

    answers = []
    for name in ("Draft3", "Draft4", "Draft6", "Draft7", "Draft201909", "Draft202012"):
        validator = getattr(jsonschema, f"{name}Validator")
        schema = {"properties": {"a": {"type": "integer"}, "b": {"enum": [1, 2]}}}
        if name in ("Draft3", "Draft4"):  # this jsonschema fails to check the others, unpacked too
            validator.check_schema(schema)
        answers.append([each.message for each in validator(schema).iter_errors({"a": "x", "b": 3})])
    return answers


def jinja2():
    import jinja2

    environment = jinja2.Environment(autoescape=True, loader=jinja2.DictLoader({"base": "<{% block b %}{% endblock %}>"}))
    template = environment.from_string("{% extends 'base' %}{% block b %}{{ x }}{% for i in range(3) %}{{ i|e }}{% endfor %}{% endblock %}")
    return template.render(x="<&>"), jinja2.__file__


def black():
    import black

    return black.format_str("def f( a,b ):\n  return {'x':1,\n 'y':2}", mode=black.Mode(line_length=40))


def django():
    import django
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}} if has_sqlite() else {},
        USE_I18N=True,
        LANGUAGE_CODE="de",
    )
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Pyodide's event loop runs always
    django.setup()
    from django.template import Context, Template
    from django.utils import translation

    template = Template("{% load i18n %}{% for i in l %}{{ i|floatformat:2 }} {% endfor %}{% translate 'Monday' %}")
    with translation.override("de"):
        answers = [template.render(Context({"l": [1, 2.5]})), str(translation.gettext("Email address"))]
    if has_sqlite():
        from django.core.management import call_command

        out = io.StringIO()
        call_command("migrate", stdout=out, no_color=True)
        from django.contrib.auth.models import User

        User.objects.create_user("someone")
        answers += [out.getvalue(), [str(each) for each in User.objects.all()]]
    return answers


def has_sqlite():
    try:
        import sqlite3  # noqa: F401
    except ImportError:
        return False
    return True


def networkx():
    import networkx

    graph = networkx.karate_club_graph()
    ranks = networkx.shortest_path_length(graph, 0)
    return sorted(ranks.items()), networkx.diameter(graph), sorted(map(sorted, networkx.community.label_propagation_communities(graph)))


def toolz():
    import toolz.curried

    return list(toolz.curried.map(lambda x: x * 2, toolz.sliding_window(2, [1, 2, 3])))


def faker():
    from faker import Faker

    answers = []
    for locale in ("en_US", "de_DE", "ja_JP"):
        fake = Faker(locale)
        fake.seed_instance(7)
        answers.append([fake.name(), fake.address(), fake.company(), fake.text()])
    return answers


def markdown():
    import markdown

    extensions = ["tables", "toc", "fenced_code", "footnotes"]
    return markdown.markdown("# A\n\n|a|b|\n|-|-|\n|1|2|\n\n```\nx\n```\nText[^1]\n\n[^1]: Note", extensions=extensions)


def mistune():
    import mistune

    return mistune.create_markdown(plugins=["table", "footnotes"])("# A\n\n|a|b|\n|-|-|\n|1|2|\n\nText[^1]\n\n[^1]: Note")


def setuptools():
    import setuptools
    from setuptools.dist import Distribution

    os.makedirs("/tmp/project/package/inner", exist_ok=True)
    for folder in ("package", "package/inner"):
        open(f"/tmp/project/{folder}/__init__.py", "w").close()
    distribution = Distribution({"name": "project", "version": "1.0"})
    commands = sorted(distribution.get_command_list())
    return setuptools.find_packages("/tmp/project"), commands, distribution.get_fullname()


def pip():
    return run_module("pip", "--version"), run_module("pip", "help")


def sphinx():
    import pathlib
    import shutil

    from sphinx.application import Sphinx

    shutil.rmtree("/tmp/document", ignore_errors=True)
    os.makedirs("/tmp/document/source")
    pathlib.Path("/tmp/document/source/conf.py").write_text("project = 'P'\nhtml_last_updated_fmt = None\nlanguage = 'de'\n")
    pathlib.Path("/tmp/document/source/index.rst").write_text("Index\n=====\n\n.. toctree::\n\n   other\n")
    pathlib.Path("/tmp/document/source/other.rst").write_text(TEXT)
    out = "/tmp/document/out"
    with contextlib.redirect_stdout(io.StringIO()):
        Sphinx("/tmp/document/source", "/tmp/document/source", out, "/tmp/document/trees", "html", status=None, parallel=1).build()
    files = sorted(str(each.relative_to(out)) for each in pathlib.Path(out).rglob("*") if each.is_file())
    pages = [pathlib.Path(out, name).read_text() for name in ("index.html", "other.html", "_static/basic.css")]
    return files, pages


def streamlit():
    # It imports compiled packages: only its files can be looked at.
    (folder,) = importlib.util.find_spec("streamlit").submodule_search_locations
    return [(folder, sorted(folders), sorted(files)) for folder, folders, files in os.walk(folder)]


def run_module(name, *arguments):
    out = io.StringIO()
    before = sys.argv
    sys.argv = [name, *arguments]
    try:
        with contextlib.redirect_stdout(out):
            runpy.run_module(name, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code, out.getvalue()
    finally:
        sys.argv = before
    return out.getvalue()


def metadata(name):
    """What importlib.metadata says of a package."""
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return "none"
    files = distribution.files or []
    return (
        distribution.version,
        distribution.requires,
        sorted((point.group, point.name, point.value) for point in distribution.entry_points),
        sorted(map(str, files)),
        [file.locate().is_file() for file in files],
    )


def run(name, root):
    """The answer of a use, and of its metadata; the root of its files is left out."""
    answer = repr((globals()[name](), metadata(name))) if name != "metadata" else ""
    return answer.replace(root, "<root>")


def differing_files(archive, root):
    """What of an archive is other than in a folder, read by zipfile: nothing, if all is well."""
    import zipfile

    with zipfile.ZipFile(archive) as opened:
        expected = {info.filename: opened.read(info) for info in opened.infolist() if not info.is_dir()}
    found = {}
    for folder, _, names in os.walk(root):
        for each in names:
            path = os.path.join(folder, each)
            with open(path, "rb") as file:
                found[path[len(root) + 1 :]] = file.read()
            if os.stat(path).st_size != len(found[path[len(root) + 1 :]]):
                return [path]
    return sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
