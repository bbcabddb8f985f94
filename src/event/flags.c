/* SPDX-License-Identifier: Apache-2.0 */
#include "event/flags.h"

/* the rows of each set, then the sets */
#define FLAG_SET(id) static const struct flag_name names_##id[] = {
#define FLAG(name, value) { name, value },
#define FLAG_SET_END { NULL, 0 } };
#include "event/flags.def"
#undef FLAG_SET
#undef FLAG
#undef FLAG_SET_END

#define FLAG_SET(id)                                                                                                  \
	const struct flag_set flags_##id = { #id, sizeof(names_##id) / sizeof(names_##id[0]) - 1, names_##id };
#define FLAG(name, value)
#define FLAG_SET_END
#include "event/flags.def"
#undef FLAG_SET
#undef FLAG
#undef FLAG_SET_END

static void add_name(struct strbuf *out, const char *name, bool *first)
{
	if (!*first)
		strbuf_addc(out, '|');
	strbuf_adds(out, name);
	*first = false;
}

/* A zero row fits zero alone; any other fits when all its bits are still there. */
static bool fits(uint32_t row, uint32_t initial, uint32_t left)
{
	return row ? left && (left & row) == row : initial == 0;
}

void flags_print(struct strbuf *out, const struct flag_set *set, uint32_t value, enum flags_style style)
{
	uint32_t left = value;
	bool first = true;

	for (uint32_t i = 0; set && i < set->count; i++) {
		uint32_t row = set->names[i].value;
		bool whole = row == value;

		/* a whole mode is named even after some of its bits were */
		if (style == FLAGS_ENUMERATION || (style == FLAGS_MODE && whole) ? !whole : !fits(row, value, left))
			continue;
		add_name(out, set->names[i].name, &first);
		left &= ~row;
		if (whole && style != FLAGS_ENUMERATION)
			return;
	}
}

bool flags_value(const struct flag_set *set, struct str name, uint32_t *ret_value)
{
	for (uint32_t i = 0; set && i < set->count; i++) {
		if (str_eq(str_of(set->names[i].name), name)) {
			*ret_value = set->names[i].value;
			return true;
		}
	}
	return false;
}
