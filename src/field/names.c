/* SPDX-License-Identifier: Apache-2.0 */
#include "field/names.h"

#include "base/cleanup.h"

#define NAME(number, name) [number] = name,
static const char *const errno_names[] = {
#include "field/errno_names.def"
};
static const char *const signal_names[] = {
#include "field/signal_names.def"
};
static const char *const capability_names[] = {
#include "field/capability_names.def"
};
#undef NAME

const char *names_errno(int64_t negative)
{
	if (negative >= 0 || negative <= -(int64_t)ARRAY_SIZE(errno_names))
		return NULL;
	return errno_names[-negative];
}

const char *names_signal(unsigned int number)
{
	return number < ARRAY_SIZE(signal_names) ? signal_names[number] : NULL;
}

void names_add_capabilities(struct strbuf *out, uint64_t set)
{
	bool first = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(capability_names); i++) {
		if (!(set >> i & 1))
			continue;
		if (!first)
			strbuf_addc(out, ' ');
		strbuf_adds(out, capability_names[i]);
		first = false;
	}
}
