/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_CONFIG_ROWS_H
#define MONITOR_APP_CONFIG_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* config.def as a table; its header comment tells what the columns mean. */
enum config_type {
	CONFIG_BOOL,
	CONFIG_INT,
	CONFIG_UINT,
	CONFIG_DOUBLE,
	CONFIG_TEXT,
	CONFIG_SECRET,
	CONFIG_WORD,
	CONFIG_ANYCASE,
	CONFIG_LIST,
	CONFIG_MAP,
	CONFIG_OBJECTS,
	CONFIG_ANY,
};

enum config_state { CONFIG_WORKS, CONFIG_IDLE, CONFIG_GONE };

struct config_row {
	const char *key;
	enum config_type type;
	enum config_state state;
	bool member; /* within a map or a list of maps: offset and fallback are unused */
	size_t offset; /* of the member of struct config */
	const char *fallback, *values, *what, *why;
};

extern const struct config_row config_rows[];
extern const size_t config_nrows;

/* The row of a key; NULL when there is none. */
const struct config_row *config_row_find(struct str key);
/* Whether rows lie below this path, as those of "engine" or "rules[]". */
bool config_row_leads(struct str path);
/* The key that may have been meant; NULL when nothing is near. */
const char *config_row_nearest(struct str key);

/* Whether word is one of values ("a|b|c"); *ret_nearest is one that may have been meant, empty when nothing is near. */
bool config_word(const char *values, struct str word, bool any_case, struct str *ret_nearest);
/* Cuts the next entry off a default of the form "[a, b]"; false when none is left. */
bool config_default_item(const char **fallback, struct str *ret_item);
/* The limits of "MIN..MAX"; what is left out stays as it is. */
void config_range(const char *values, double *min, double *max);

#endif
