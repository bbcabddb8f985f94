/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/cleanup.h"
#include "output/alert.h"

static const char *const names[PRIORITY_COUNT] = {
	[PRIORITY_EMERGENCY] = "Emergency", [PRIORITY_ALERT] = "Alert",
	[PRIORITY_CRITICAL] = "Critical",   [PRIORITY_ERROR] = "Error",
	[PRIORITY_WARNING] = "Warning",	    [PRIORITY_NOTICE] = "Notice",
	[PRIORITY_INFORMATIONAL] = "Informational", [PRIORITY_DEBUG] = "Debug",
};

const char *priority_name(enum priority p)
{
	return p < PRIORITY_COUNT ? names[p] : "Unknown";
}

int priority_parse(struct str s, enum priority *ret_priority)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_ieq(s, str_of(names[i]))) {
			*ret_priority = (enum priority)i;
			return 0;
		}
	}
	if (str_ieq(s, STR("info"))) {
		*ret_priority = PRIORITY_INFORMATIONAL;
		return 0;
	}
	return -EINVAL;
}
