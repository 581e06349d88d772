from integrate import integrate

__export__ = ["integrate"]
