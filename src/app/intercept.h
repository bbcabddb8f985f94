/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_INTERCEPT_H
#define MONITOR_APP_INTERCEPT_H

#include "base/cleanup.h"
#include "source/source.h"

/* Which calls are asked of a source: the rules' (default), or also all that change what processes and descriptors are. */
enum intercept_scope { INTERCEPT_RULES, INTERCEPT_STATE };

/*
 * The rules' set (borrowed) with each type of call that changes the state, for captures whose other readers have nothing but the
 * events. 0 or -ENOMEM; *ret_wants is the set's own memory.
 */
int intercept_widen(const struct intercept_set *rules, struct intercept_set *ret_set, struct intercept_want **ret_wants);

#endif
