/* SPDX-License-Identifier: Apache-2.0 */
#include "app/intercept.h"

#include <errno.h>
#include <string.h>

static bool is_in(enum intercept_scope scope, const struct plugin_host *plugins, uint16_t type)
{
	const struct event_info *info = event_info(type);

	if (!(info->category & EC_SYSCALL) || event_type_is_enter(type) || type == EV_GENERIC_X ||
	    info->flags & (EF_UNUSED | EF_OLD_VERSION))
		return false;
	if (scope == INTERCEPT_ALL || (plugins && plugin_host_parses(plugins, type)))
		return true;
	return scope == INTERCEPT_STATE && info->flags & (EF_MODIFIES_STATE | EF_CREATES_FD | EF_DESTROYS_FD);
}

int intercept_widen(const struct intercept_set *rules, enum intercept_scope scope, const struct plugin_host *plugins,
		    struct intercept_set *ret_set, struct intercept_want **ret_wants)
{
	struct intercept_want *wants = calloc(rules->nwants + EV_COUNT, sizeof(*wants));
	size_t n = rules->nwants;

	if (!wants)
		return -ENOMEM;
	if (n)
		memcpy(wants, rules->wants, n * sizeof(*wants));
	for (uint16_t type = 0; type < EV_COUNT; type++)
		if (is_in(scope, plugins, type))
			wants[n++].event = type; /* whatever its arguments and result are */
	*ret_set = *rules;
	ret_set->wants = wants;
	ret_set->nwants = n;
	ret_set->facts |= FACTS_PROCESS;
	if (scope == INTERCEPT_ALL)
		memset(ret_set->syscall_codes, true, sizeof(ret_set->syscall_codes));
	*ret_wants = wants;
	return 0;
}
