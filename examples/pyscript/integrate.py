import time

import pyodide_js

WHEELS = "http://127.0.0.1:8001/wheels/"


async def integrate():
    began = time.time()
    await pyodide_js.loadPackage([WHEELS + "mpmath-1.3.0-py3-none-any.whl", WHEELS + "sympy-1.14.0-py3-none-any.whl"])
    import sympy

    x = sympy.Symbol("x")
    integral = sympy.integrate(sympy.exp(-(x**2)), (x, -sympy.oo, sympy.oo))
    ms = round((time.time() - began) * 1000)
    return f"The integral is {integral}, after {ms} ms.\n{describe()}"


def describe():
    if not hasattr(pyodide_js, "zipimport"):
        return "Python compiled what it imported."
    stats = pyodide_js.zipimport.stats()
    return f"Modules compiled: {stats.start.compiles + stats.compiles}, found compiled: {stats.packHits}."
