/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/backend.h"

#include <stdbool.h>

#include "base/cleanup.h"
#include "tracer/probe.h"

static const struct backend backends[TRACER_BACKENDS] = {
#define BACKEND(id, name, how, lost) [TRACER_##id] = { name, how, lost },
#include "tracer/backends.def"
#undef BACKEND
};

const struct backend *backend_info(enum tracer_backend backend)
{
	return &backends[backend];
}

/* Of descriptors, of processes: no word about the kernel or what is around us. */
static bool is_limit(int code)
{
	return code == -EMFILE || code == -EAGAIN;
}

int backend_choose(enum tracer_backend wanted, enum tracer_backend *ret_backend, struct probe_result *ret_result,
		   struct error *refused, struct error *err)
{
	bool covered = false;
	int r;

	*refused = (struct error){ 0 };
	if (wanted != TRACER_AUTO) {
		r = probe_backend(wanted, ret_result, err);
		if (r < 0)
			return error_prefix(err, r, "the backend %s does not work here", backends[wanted].name);
		*ret_backend = wanted;
		return 0;
	}
	for (enum tracer_backend b = TRACER_AUTO + 1; b < TRACER_BACKENDS; b++) {
		/* notifications of an outer listener come before our filter's stops: those calls would pass unseen */
		if (b == TRACER_PTRACE && covered)
			continue;
		r = probe_backend(b, ret_result, b == TRACER_NOTIFY ? refused : err);
		if (r == 0) {
			*ret_backend = b;
			return 0;
		}
		covered |= r == -EBUSY;
	}
	return error_set(err, is_limit(refused->code) ? refused->code : -EOPNOTSUPP,
			 "no way to intercept system calls works here: %.160s",
			 refused->text);
}
