/* SPDX-License-Identifier: Apache-2.0 */
#include "base/version.h"

#include <errno.h>

/* Digits; a number that is too large counts as the largest. */
static bool take_number(struct str *s, uint32_t *ret_number)
{
	uint64_t n = 0;
	size_t i = 0;

	for (; i < s->len && s->ptr[i] >= '0' && s->ptr[i] <= '9'; i++)
		n = n > UINT32_MAX ? n : n * 10 + (uint64_t)(s->ptr[i] - '0');
	*ret_number = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	*s = (struct str){ s->ptr + i, s->len - i };
	return i > 0;
}

static bool take_dot(struct str *s)
{
	if (!s->len || s->ptr[0] != '.')
		return false;
	*s = (struct str){ s->ptr + 1, s->len - 1 };
	return true;
}

int version_parse(struct str s, struct version *ret_version)
{
	struct version v;

	if (!take_number(&s, &v.major) || !take_dot(&s) || !take_number(&s, &v.minor) || !take_dot(&s) ||
	    !take_number(&s, &v.patch))
		return -EINVAL;
	*ret_version = v;
	return 0;
}

bool version_serves(const struct version *there, const struct version *wanted)
{
	if (there->major != wanted->major)
		return false;
	if (there->minor != wanted->minor)
		return there->minor > wanted->minor;
	return there->patch >= wanted->patch;
}
