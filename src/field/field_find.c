/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "field/extract.h"
#include "field/field_find.h"

/* From the text of a field to its row: the longest name at its start. */

#define STATIC_PREFIX STR("static.")

/* static.NAME: the longest configured name. */
static int64_t find_static(struct str text, const struct field_options *options, size_t *ret_len)
{
	int64_t best = -1;
	size_t best_len = 0;
	struct str name;

	if (!options || !str_starts(text, STATIC_PREFIX))
		return -1;
	name = (struct str){ text.ptr + STATIC_PREFIX.len, text.len - STATIC_PREFIX.len };
	for (size_t i = 0; i < options->nstatic; i++) {
		if (str_starts(name, options->static_names[i]) &&
		    (best < 0 || options->static_names[i].len > best_len)) {
			best = (int64_t)i;
			best_len = options->static_names[i].len;
		}
	}
	*ret_len = STATIC_PREFIX.len + best_len;
	return best;
}

/*
 * The lengths of the names, and two bytes of each, side by side: they tell nearly all names apart without
 * touching their rows. Loading the official rules makes thousands of look-ups.
 */
static const uint8_t lengths[] = {
#define FIELD(name, ...) sizeof(name) - 1,
#include "field/fields.def"
#undef FIELD
};
static const struct {
	char middle, last;
} marks[] = {
#define FIELD(name, ...) { name[(sizeof(name) - 1) / 2], name[sizeof(name) - 2] },
#include "field/fields.def"
#undef FIELD
};

static bool usable(const struct field_info *f, const struct field_options *options)
{
	if (options && options->generic && strcmp(f->class, "evt_all") != 0)
		return false;
	if (f->flags & FIELD_CONTAINER_PLUGIN && !(options && options->container_plugin))
		return false;
	return !(f->flags & FIELD_OURS) || (options && options->extensions);
}

/* Whether row i's name may stand at the start of text. */
static inline bool may_start(size_t i, struct str text)
{
	size_t len = lengths[i];

	return len <= text.len && text.ptr[len - 1] == marks[i].last && text.ptr[len / 2] == marks[i].middle;
}

/* Row i when its name stands there and can be used. */
static const struct field_info *row_at(size_t i, struct str text, const struct field_options *options)
{
	const struct field_info *f = field_by_index(i);

	return f->extract != field_static_value && str_starts(text, f->name) && usable(f, options) ? f : NULL;
}

/*
 * The row whose name is all that can be one at the start of text: nearly always there is one, and no other is
 * longer.
 */
static const struct field_info *find_whole(struct str text, const struct field_options *options)
{
	const uint8_t *at = lengths, *end = lengths + ARRAY_SIZE(lengths);
	const struct field_info *f = NULL;
	size_t len = 0;

	while (len < text.len &&
	       (isalnum((unsigned char)text.ptr[len]) || text.ptr[len] == '.' || text.ptr[len] == '_'))
		len++;
	for (; len && len <= UINT8_MAX && !f && (at = memchr(at, (int)len, (size_t)(end - at))); at++)
		if (may_start((size_t)(at - lengths), text))
			f = row_at((size_t)(at - lengths), text, options);
	return f;
}

/* The longest name at the start of text. */
static const struct field_info *find_row(struct str text, const struct field_options *options)
{
	const struct field_info *best, *f;

	/* all begin so; most constants that are looked at in case they are fields are paths */
	if (!text.len || !islower((unsigned char)text.ptr[0]))
		return NULL;
	best = find_whole(text, options);
	if (best)
		return best;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		f = may_start(i, text) ? row_at(i, text, options) : NULL;
		if (f && (!best || f->name.len > best->name.len))
			best = f;
	}
	return best;
}

const struct field_info *field_find(struct str text, const struct field_options *options, int64_t *ret_static,
				    size_t *ret_len)
{
	const struct field_info *best = find_row(text, options);
	size_t best_len = 0, static_len = 0;

	*ret_static = find_static(text, options, &static_len);
	if (best)
		best_len = best->name.len;
	/* "static.*" is one row for all of them */
	for (size_t i = 0; *ret_static >= 0 && static_len > best_len && field_by_index(i); i++) {
		if (field_by_index(i)->extract == field_static_value) {
			best = field_by_index(i);
			best_len = static_len;
		}
	}
	for (size_t i = 0; options && i < options->nforeign; i++) {
		const struct field_info *f;

		for (size_t k = 0; (f = foreign_by_index(options->foreign[i], k)); k++) {
			if (f->name.len <= best_len || !str_starts(text, f->name))
				continue;
			best = f;
			best_len = f->name.len;
		}
	}
	*ret_len = best_len;
	return best;
}

bool field_exists(struct str name, const struct field_options *options)
{
	const struct field_info *f = find_whole(name, options);

	if (f && str_eq(f->name, name))
		return true;
	for (size_t i = 0; options && i < options->nforeign; i++)
		for (size_t k = 0; (f = foreign_by_index(options->foreign[i], k)); k++)
			if (str_eq(f->name, name))
				return true;
	return false;
}
