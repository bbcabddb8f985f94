/* SPDX-License-Identifier: Apache-2.0 */
/* What every part of the reader uses: a configuration's sources, its warnings and complaints with their place. */
#include "app/config.h"

#include <errno.h>
#include <stdarg.h>

#include "base/limits.h"

#define CONFIG_ARENA_BYTES 16384

/* ---- what is told -------------------------------------------------------------------------------------- */

int config_warn(struct config *c, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	if (c->nwarnings > CONFIG_WARNINGS)
		return 0;
	va_start(args, format);
	vsnprintf(text, sizeof(text),
		  c->nwarnings < CONFIG_WARNINGS ? format : "configuration: there are more warnings", args);
	va_end(args);
	if (c->nwarnings == c->warnings_cap) {
		size_t cap = c->warnings_cap ? 2 * c->warnings_cap : 8;
		struct str *more = arena_array_of(c->arena, struct str, cap);

		if (!more)
			return -ENOMEM;
		if (c->nwarnings)
			memcpy(more, c->warnings, c->nwarnings * sizeof(*more));
		c->warnings = more;
		c->warnings_cap = cap;
	}
	c->warnings[c->nwarnings] = arena_str(c->arena, str_of(text));
	return c->warnings[c->nwarnings].ptr ? (c->nwarnings++, 0) : -ENOMEM;
}

/* An assignment is named by its key: the value may be a secret. */
void config_place(const struct config *c, const struct yaml_node *node, struct strbuf *out)
{
	const struct config_origin *o = node && node->origin ? &c->origins[node->origin - 1] : NULL;
	const char *equals;

	if (!o)
		return;
	if (o->kind == CONFIG_FROM_FILE) {
		strbuf_addf(out, STR_FMT ":%u:%u", STR_ARG(o->name), node->at.line + 1, node->at.column + 1);
	} else if (o->kind == CONFIG_FROM_OPTION) {
		equals = memchr(o->name.ptr, '=', o->name.len);
		strbuf_addf(out, "%s %.*s", c->option, equals ? (int)(equals - o->name.ptr) : (int)o->name.len, o->name.ptr);
	} else {
		strbuf_addstr(out, o->name);
	}
}

int config_error(const struct config *c, const char *key, struct error *err, const char *format, ...)
{
	auto_strbuf struct strbuf place = { 0 };
	const struct yaml_node *node;
	va_list args;

	va_start(args, format);
	error_setv(err, -EINVAL, format, args);
	va_end(args);
	node = config_tree_get(c->root, key);
	config_place(c, node, &place);
	if (node && node->origin && c->origins[node->origin - 1].kind == CONFIG_FROM_OPTION &&
	    str_ends(strbuf_str(&place), str_of(key))) /* it names the key */
		return error_prefix(err, -EINVAL, "%s", place.ptr);
	return error_prefix(err, -EINVAL, "%s: %s", place.len ? place.ptr : "configuration", key);
}

/* ---- what it is made of -------------------------------------------------------------------------------- */

int config_new_origin(struct config *c, enum config_origin_kind kind, struct str name, uint16_t *ret_origin,
		      struct error *err)
{
	struct config_origin *more;

	if (c->norigins == CONFIG_ORIGINS)
		return error_set(err, -E2BIG, "a configuration is made of at most %d files and assignments",
				 CONFIG_ORIGINS);
	if (c->norigins == c->origins_cap) {
		c->origins_cap = c->norigins ? 2 * c->norigins : 8;
		more = arena_array_of(c->arena, struct config_origin, c->origins_cap);
		if (!more)
			return error_set(err, -ENOMEM, "out of memory");
		if (c->norigins)
			memcpy(more, c->origins, c->norigins * sizeof(*more));
		c->origins = more;
	}
	c->origins[c->norigins] = (struct config_origin){ .kind = kind, .name = arena_str(c->arena, name) };
	if (!c->origins[c->norigins].name.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	*ret_origin = (uint16_t)++c->norigins;
	return 0;
}

int config_source(struct config *c, struct str name, struct str text, bool text_alone, struct yaml_node **ret_root,
		  struct error *err)
{
	struct str copy = arena_str(c->arena, text);
	struct yaml_node *root;
	uint16_t origin;
	int r;

	if (!copy.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	r = config_new_origin(c, CONFIG_FROM_FILE, name, &origin, err);
	if (r == 0)
		sha256_text(text, c->origins[origin - 1].sha256);
	if (r == 0)
		r = config_tree_load(c->arena, name, copy, text_alone, &root, err);
	if (r < 0)
		return r;
	if (root->count > CONFIG_KEYS)
		return error_set(err, -E2BIG, STR_FMT ": more than %d keys", STR_ARG(name), CONFIG_KEYS);
	if (config_tree_adopt(c->arena, root, origin, true) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	*ret_root = root;
	return 0;
}

bool config_is_same(const struct config *a, const struct config *b)
{
	bool same = !a == !b && (!a || a->norigins == b->norigins);

	for (size_t i = 0; same && a && i < a->norigins; i++) {
		const struct config_origin *one = &a->origins[i], *other = &b->origins[i];

		same = one->kind == other->kind && str_eq(one->name, other->name) &&
		       strcmp(one->sha256, other->sha256) == 0;
	}
	return same;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

struct config *config_new(void)
{
	struct arena *arena = arena_new(CONFIG_ARENA_BYTES);
	struct config *c = arena ? arena_new_of(arena, struct config) : NULL;

	if (c)
		c->arena = arena;
	else
		arena_free(arena);
	return c;
}

void config_free(struct config *c)
{
	if (c)
		arena_free(c->arena);
}
