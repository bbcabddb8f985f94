/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_BACKEND_H
#define MONITOR_TRACER_BACKEND_H

#include "base/error.h"

/* The ways to intercept (backends.def), the best first. AUTO: the first that works here. */
enum tracer_backend {
	TRACER_AUTO,
#define BACKEND(id, name, how, lost) TRACER_##id,
#include "tracer/backends.def"
#undef BACKEND
	TRACER_BACKENDS
};

/* One row; AUTO has none. */
struct backend {
	const char *name;
	const char *how;
	const char *lost; /* empty = nothing */
};
const struct backend *backend_info(enum tracer_backend backend);

/*
 * The backend to use, where wanted may be TRACER_AUTO: negative errno when none works (or the wanted one does not). In
 * refused: why the best one could not be used, code 0 when it is the one. In ret_result what its probe found (probe.h).
 */
struct probe_result;
int backend_choose(enum tracer_backend wanted, enum tracer_backend *ret_backend, struct probe_result *ret_result,
		   struct error *refused, struct error *err);

#endif
