from integrate import integrate
from pyscript import document, workers

document.querySelector("#window").textContent = await integrate()
worker = await workers["worker"]
document.querySelector("#worker").textContent = await worker.integrate()
