"""WebKitGTK with a profile that lasts, which its automated sessions do not have.

    webkit.py FOLDER [--ratio R] [--no-databases]

Each line on standard input is an address, shown in a page of its own; "only ADDRESS" closes the others
before. A line on standard output answers each. The first one tells the version and the number of the
process group, which has all of the browser in it. R is how much of the disk one origin may use. Without databases, pages have no IndexedDB.
"""
import argparse
import os
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2  # noqa: E402

arguments = argparse.ArgumentParser()
arguments.add_argument("folder")
arguments.add_argument("--ratio", type=float)
arguments.add_argument("--no-databases", action="store_true")
options = arguments.parse_args()
os.setpgid(0, 0)

limits = {} if options.ratio is None else {"origin_storage_ratio": options.ratio, "total_storage_ratio": 1.0}
manager = WebKit2.WebsiteDataManager(
    base_data_directory=options.folder + "/data", base_cache_directory=options.folder + "/cache", **limits)
context = WebKit2.WebContext.new_with_website_data_manager(manager)
windows = []


def show(address):
    view = WebKit2.WebView.new_with_context(context)
    view.get_settings().set_enable_html5_database(not options.no_databases)
    window = Gtk.Window(default_width=400, default_height=300)
    window.add(view)
    window.show_all()
    view.load_uri(address)
    windows.append(window)


def on_input(channel, condition):
    line = channel.readline().decode().strip()
    if not line:
        Gtk.main_quit()
        return False
    if line.startswith("only "):
        while windows:
            windows.pop().destroy()
    show(line.removeprefix("only "))
    print("shown", flush=True)
    return True


# Unbuffered: of what Python has read ahead, GLib does not know that it is there.
GLib.io_add_watch(open(sys.stdin.fileno(), "rb", buffering=0, closefd=False), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, on_input)
version = f"{WebKit2.get_major_version()}.{WebKit2.get_minor_version()}.{WebKit2.get_micro_version()}"
print(version, os.getpgrp(), flush=True)
Gtk.main()
