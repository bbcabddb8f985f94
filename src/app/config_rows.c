/* SPDX-License-Identifier: Apache-2.0 */
#include "app/config_rows.h"

#include <stdlib.h>

#include "app/config.h"

const struct config_row config_rows[] = {
#define CONFIG(id, key, type, fallback, values, state, what, why)                                                     \
	{ key, CONFIG_##type, CONFIG_##state, false, offsetof(struct config, id), fallback, values, what, why },
#define MEMBER(key, type, values, what) { key, CONFIG_##type, CONFIG_WORKS, true, 0, "", values, what, "" },
#include "app/config.def"
#undef MEMBER
#undef CONFIG
};

const size_t config_nrows = ARRAY_SIZE(config_rows);

const struct config_row *config_row_find(struct str key)
{
	size_t i;

	for (i = 0; i < config_nrows; i++)
		if (str_eq(str_of(config_rows[i].key), key))
			return &config_rows[i];
	return NULL;
}

bool config_row_leads(struct str path)
{
	size_t i;

	for (i = 0; i < config_nrows; i++) {
		struct str key = str_of(config_rows[i].key);

		if (key.len > path.len && (key.ptr[path.len] == '.' || key.ptr[path.len] == '[') &&
		    str_starts(key, path))
			return true;
	}
	return false;
}

const char *config_row_nearest(struct str key)
{
	const char *nearest = NULL;
	unsigned int best = 4; /* three slips of the finger: keys are long */
	size_t i;

	for (i = 0; i < config_nrows; i++) {
		struct str name = str_of(config_rows[i].key);
		const char *dot = str_last(name, '.'), *asked = str_last(key, '.');
		unsigned int d = str_distance(key, name);

		/* the right name at the wrong place */
		if (d > 1 && dot &&
		    str_eq(str_of(dot + 1),
			   asked ? (struct str){ asked + 1, (size_t)(key.ptr + key.len - asked - 1) } : key) &&
		    strlen(dot) > 8)
			d = 2;
		if (d < best) {
			best = d;
			nearest = config_rows[i].key;
		}
	}
	return nearest;
}

bool config_word(const char *values, struct str word, bool any_case, struct str *ret_nearest)
{
	unsigned int best = 3; /* two slips of the finger */

	*ret_nearest = STR("");
	while (*values) {
		struct str one = { values, strcspn(values, "|") };
		unsigned int d = str_distance(word, one);

		if (str_eq(word, one) || (any_case && str_ieq(word, one)))
			return true;
		if (d < best) {
			best = d;
			*ret_nearest = one;
		}
		values += one.len + (values[one.len] == '|');
	}
	return false;
}

bool config_default_item(const char **fallback, struct str *ret_item)
{
	const char *p = *fallback + strspn(*fallback, "[, ");
	size_t n = strcspn(p, ",]");

	*ret_item = (struct str){ p, n };
	*fallback = p + n;
	return n > 0;
}

void config_range(const char *values, double *min, double *max)
{
	const char *dots = strstr(values, "..");

	if (!dots)
		return;
	if (dots != values)
		*min = strtod(values, NULL);
	if (dots[2])
		*max = strtod(dots + 2, NULL);
}
