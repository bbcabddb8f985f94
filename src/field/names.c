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

static int64_t find_name(const char *const *names, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (names[i] && str_eq(name, str_of(names[i])))
			return (int64_t)i;
	return -1;
}

bool names_number(enum param_type type, struct str name, int64_t *ret_number)
{
	int64_t number;

	if (type == PT_SIGTYPE) {
		number = find_name(signal_names, ARRAY_SIZE(signal_names), name);
		if (number >= 0)
			*ret_number = number;
		return number >= 0;
	}
	if (type != PT_ERRNO && type != PT_FD)
		return false;
	if (name.len && name.ptr[0] == '-')
		name = (struct str){ name.ptr + 1, name.len - 1 };
	number = find_name(errno_names, ARRAY_SIZE(errno_names), name);
	if (number >= 0)
		*ret_number = -number;
	return number >= 0;
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
