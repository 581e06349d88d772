// @ts-check
// The archives that people import from in practice: what make archives fetched, and what is imported.

import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("../build/archives/", import.meta.url);

/**
 * @typedef {object} Subject
 * @property {string} name
 * @property {string[]} files the archive, then those it needs beside it
 * @property {string} module the package at the top of the archive
 * @property {string} statement
 * @property {number} entries of the archive
 */

/** Django sets itself up for the smallest project there is, a settings module without a file. */
const SET_UP_DJANGO = `
import os, sys, types
settings = types.ModuleType("bench_settings")
settings.SECRET_KEY = "for nothing"
settings.INSTALLED_APPS = []
sys.modules["bench_settings"] = settings
os.environ["DJANGO_SETTINGS_MODULE"] = "bench_settings"
import django
django.setup()`;

/**
 * The file of an archive, whatever version is pinned.
 *
 * @param {string} beginning
 */
export function findArchive(beginning) {
  const names = readdirSync(FOLDER).filter((name) => /\.(whl|zip)$/.test(name));
  const found = names.filter((name) => name.startsWith(beginning));
  if (found.length !== 1)
    throw new Error(`found ${found.length} archives ${beginning}*; run: make archives`);
  return fileURLToPath(new URL(found[0], FOLDER));
}

/**
 * A wheel that the tests use too: make bench fetches those.
 *
 * @param {string} folder of build/
 * @param {string} name as it stands in the wheel's name
 */
export function findWheel(folder, name) {
  const files = wheelsIn(folder).filter((file) => basename(file).startsWith(`${name}-`));
  if (files.length !== 1)
    throw new Error(`found ${files.length} wheels of ${name} in build/${folder}`);
  return files[0];
}

/**
 * So many of the wheels that the whole matrix of the tests uses, always the same ones.
 *
 * @param {number} count
 */
export function someWheels(count) {
  const files = wheelsIn("wheels-full").filter((file) => statSync(file).size < 2 ** 21);
  if (files.length < count) throw new Error(`found ${files.length} wheels, expected ${count}`);
  return files.slice(0, count);
}

/** @param {string} folder of build/ */
function wheelsIn(folder) {
  const url = new URL(`../build/${folder}/`, import.meta.url);
  const names = readdirSync(url).filter((name) => name.endsWith(".whl"));
  return names.sort().map((name) => fileURLToPath(new URL(name, url)));
}

/**
 * How many entries an archive without a comment says it has.
 *
 * @param {string} file
 */
function countEntries(file) {
  const archive = readFileSync(file);
  return archive.readUInt16LE(archive.lastIndexOf("PK\x05\x06", undefined, "latin1") + 10);
}

/** @returns {Subject[]} */
export function subjects() {
  /** @type {[string, string[], string, string][]} */
  const list = [
    ["py4j", ["py4j-"], "py4j", "import py4j.java_gateway"],
    ["pyspark-client", ["pyspark.zip"], "pyspark", "import pyspark"],
    ["sympy + mpmath", ["sympy-", "mpmath-"], "sympy", "import sympy"],
    ["networkx", ["networkx-"], "networkx", "import networkx"],
    ["Django", ["django-", "asgiref-"], "django", SET_UP_DJANGO],
    ["pip", ["pip-"], "pip", "import pip._internal.commands.install"],
  ];
  return list.map(([name, beginnings, module, statement]) => {
    const files = beginnings.map(findArchive);
    return { name, files, module, statement, entries: countEntries(files[0]) };
  });
}
