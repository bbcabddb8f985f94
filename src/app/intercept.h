/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_INTERCEPT_H
#define MONITOR_APP_INTERCEPT_H

#include "base/cleanup.h"
#include "plugin/host.h"
#include "source/source.h"

/*
 * Which calls are asked of a source: the rules' (default); also all that change what processes and
 * descriptors are, for captures whose other readers have nothing but the events; or all, for rules that may
 * come later, since a filter cannot be widened.
 */
enum intercept_scope { INTERCEPT_RULES, INTERCEPT_STATE, INTERCEPT_ALL };

/*
 * The rules' set (borrowed) with the calls of that scope, and those that plugins parse (NULL = none do). 0 or
 * -ENOMEM; *ret_wants is the set's own memory.
 */
int intercept_widen(const struct intercept_set *rules, enum intercept_scope scope, const struct plugin_host *plugins,
		    struct intercept_set *ret_set, struct intercept_want **ret_wants);

#endif
