/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_VERSION_H
#define MONITOR_BASE_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* "x.y.z" as Falco reads versions: what follows the third number is ignored. */
struct version {
	uint32_t major, minor, patch;
};

/* -EINVAL when it is none. */
int version_parse(struct str s, struct version *ret_version);
/* Whether what is there serves what is asked for: the same major version, and not older. */
bool version_serves(const struct version *there, const struct version *wanted);

#endif
