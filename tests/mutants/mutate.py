"""Makes mutants of C sources: copies with one small fault each.

    for mutant in draw(["src/zip/name.c", ...], seed=1): ...

Comments, strings and preprocessor lines are left alone. A mutant may be one that does not compile, or one that does the
same as the original; whoever builds it finds out.
"""

import random
import re
from typing import NamedTuple

# What is no code: it is blanked out before faults are looked for, so that offsets stay.
NO_CODE = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | ^[ \t]*\#(?:\\\n|[^\n])*""",
    re.DOTALL | re.MULTILINE | re.VERBOSE)

# Spaces around an operator tell it from a pointer's star and a sign: clang-format keeps them.
OPERATORS = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
    "+": ("-",), "-": ("+",), "*": ("+",), "/": ("*",), "%": ("+",), "&&": ("||",), "||": ("&&",),
    "&": ("|",), "|": ("&",), "<<": (">>",), ">>": ("<<",), "+=": ("-=",), "-=": ("+=",), "|=": ("=",),
}
OPERATOR = re.compile(r" (?P<it>[<>=!]=|<<|>>|&&|\|\||[-+|]=|[-+*/%&|<>]) ")
STEP = re.compile(r"(?P<it>\+\+|--)")
NUMBER = re.compile(r"(?<![\w.])(?P<it>0[xX][0-9a-fA-F]+|[1-9]\d*|0)(?![\w.])")
TRUTH = re.compile(r"\b(?P<it>true|false)\b")
NEGATION = re.compile(r"(?P<it>!)(?=[\w(])")
CONDITION = re.compile(r"\b(?:if|while) (?P<it>\()")
# A call or an assignment on one line. What declares a variable has two words before its "=", and would not compile.
STATEMENT = re.compile(r"^[ ]+(?P<it>(?!return\b|goto\b|else\b|case\b|struct\b|static\b)[\w*][^;{}\n]*;)[ ]*$", re.MULTILINE)
JUMP = re.compile(r"^[ ]+(?P<it>(?:break|continue);)[ ]*$", re.MULTILINE)


class Mutant(NamedTuple):
    file: str
    start: int        # of what is replaced, in the file's text
    end: int
    replacement: str
    kind: str

    def apply(self, text):
        return text[:self.start] + self.replacement + text[self.end:]

    def describe(self, text):
        """FILE:LINE: KIND: the line as it was, and as it is."""
        first, last = text.rfind("\n", 0, self.start) + 1, text.find("\n", self.end)
        line = text.count("\n", 0, self.start) + 1
        before = " ".join(text[first:last].split())
        after = " ".join((text[first:self.start] + self.replacement + text[self.end:last]).split())
        return f"{self.file}:{line}: {self.kind}: {before}\n      {after}"


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def closing(code, start):
    """Where the bracket closes that opens at `start`."""
    depth = 0
    for at in range(start, len(code)):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        if depth == 0:
            return at
    raise ValueError("brackets do not match")


def mutants_of(file, text):
    """Every mutant of a source."""
    code = NO_CODE.sub(blank, text)

    def found(pattern, kind, *replacements):
        for match in pattern.finditer(code):
            for replacement in replacements:
                value = replacement(match["it"]) if callable(replacement) else replacement
                for one in (value,) if isinstance(value, str) else value:
                    yield Mutant(file, match.start("it"), match.end("it"), one, kind)

    yield from found(OPERATOR, "operator", OPERATORS.get)
    yield from found(STEP, "operator", lambda it: {"++": "--", "--": "++"}[it])
    yield from found(NUMBER, "constant", lambda it: [str(int(it, 0) + 1)] + [str(int(it, 0) - 1)] * (int(it, 0) > 0))
    yield from found(TRUTH, "constant", lambda it: {"true": "false", "false": "true"}[it])
    yield from found(NEGATION, "condition", "")
    yield from found(STATEMENT, "statement removed", ";")
    yield from found(JUMP, "statement removed", ";")
    for match in CONDITION.finditer(code):
        start, end = match.start("it"), closing(code, match.start("it"))
        yield Mutant(file, start, end + 1, f"(!{text[start:end + 1]})", "condition")


def draw(files, seed):
    """Yields all mutants of the files in an order that the seed decides, the kinds in turn."""
    chance = random.Random(seed)
    kinds = {}
    for file in sorted(files):
        with open(file, encoding="utf-8") as source:
            for mutant in mutants_of(file, source.read()):
                kinds.setdefault(mutant.kind, []).append(mutant)
    for mutants in kinds.values():
        chance.shuffle(mutants)
    while kinds:
        for kind in sorted(kinds):
            yield kinds[kind].pop()
            if not kinds[kind]:
                del kinds[kind]
