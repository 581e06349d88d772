/*
 * The core's host inside CPython: memory and files from libc, stamps from os.stat.
 */
#ifndef ZI_PYTHON_HOST_H
#define ZI_PYTHON_HOST_H

#include "state.h"

/* What a member may inflate to unless an option says otherwise. */
#define ZI_MEMBER_NBYTES_MAX ((uint64_t)1 << 30)

void zi_python_host_init(struct zi_host *host, struct zi_state *state);

/* A host for reading members that asks nothing of Python, raises nothing and tells no audit hook:
 * for what runs inside of Python's own system calls. It has no stamps and writes nothing. Members
 * have the same limit as with the other host. */
void zi_plain_host_init(struct zi_host *host, const struct zi_host *like);

/* Takes the secret that keys the name hash from the interpreter's own hash secret. */
int zi_python_host_seed(struct zi_host *host, struct zi_state *state);

#endif
