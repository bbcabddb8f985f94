/* SPDX-License-Identifier: Apache-2.0 */
#include "app/config_show.h"

#include "app/config_rows.h"
#include "base/json.h"

#define MASK "\"********\""

/* Plain where nothing can be taken for syntax; quotes change no value of ours. */
static void add_scalar(struct strbuf *out, struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!(s.ptr[i] >= 'a' && s.ptr[i] <= 'z') && !(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') &&
		    !(s.ptr[i] >= '0' && s.ptr[i] <= '9') && s.ptr[i] != '/' && s.ptr[i] != '_' &&
		    (i == 0 || !strchr(".+-", s.ptr[i])))
			break;
	if (s.len && i == s.len)
		strbuf_addstr(out, s);
	else
		json_add_string(out, s);
}

static void end_line(struct strbuf *out, const struct config *c, const struct yaml_node *from)
{
	auto_strbuf struct strbuf place = { 0 };

	config_place(c, from, &place);
	strbuf_adds(out, "  # ");
	/* names of files and keys are others' text: it may not end the comment */
	for (size_t i = 0; i < place.len; i++)
		strbuf_addc(out, (unsigned char)place.ptr[i] < 0x20 || place.ptr[i] == 0x7f ? '?' : place.ptr[i]);
	strbuf_adds(out, place.len ? "\n" : "default\n");
}

static void indent(struct strbuf *out, unsigned int depth)
{
	strbuf_addf(out, "%*s", (int)(2 * depth), "");
}

/* ---- trees --------------------------------------------------------------------------------------------- */

struct walk {
	struct strbuf *out;
	const struct config *c;
	char path[256]; /* as in config.def, [] for any entry of a list */
};

/* Puts ".NAME" or "[]" behind the path; returns what to cut it back to. A path that is too long names no row. */
static size_t enter(struct walk *w, const char *separator, struct str name)
{
	size_t before = strlen(w->path);

	if (before + strlen(separator) + name.len + 1 < sizeof(w->path))
		snprintf(w->path + before, sizeof(w->path) - before, "%s" STR_FMT, separator, STR_ARG(name));
	return before;
}

static bool is_secret(const struct walk *w)
{
	const struct config_row *row = config_row_find(str_of(w->path));

	return row && row->type == CONFIG_SECRET;
}

static bool is_leaf(const struct yaml_node *n)
{
	return !((n->kind == YAML_MAP || n->kind == YAML_SEQUENCE) && n->count);
}

static void add_leaf(struct strbuf *out, const struct yaml_node *n)
{
	if (n->kind == YAML_MAP)
		strbuf_adds(out, "{}");
	else if (n->kind == YAML_SEQUENCE)
		strbuf_adds(out, "[]");
	else if (n->kind == YAML_NULL)
		strbuf_adds(out, "null");
	else
		add_scalar(out, n->text);
}

static void add_tree(struct walk *w, const struct yaml_node *n, unsigned int depth);

/* What stands behind "key:" or "-". */
static void add_value(struct walk *w, const struct yaml_node *n, unsigned int depth)
{
	if (is_secret(w) || is_leaf(n)) {
		strbuf_addc(w->out, ' ');
		if (is_secret(w) && !(n->kind == YAML_SCALAR && !n->text.len) && n->kind != YAML_NULL)
			strbuf_adds(w->out, MASK);
		else
			add_leaf(w->out, n);
		end_line(w->out, w->c, n);
		return;
	}
	strbuf_addc(w->out, '\n');
	add_tree(w, n, depth + 1);
}

static void add_tree(struct walk *w, const struct yaml_node *n, unsigned int depth)
{
	size_t before;
	uint32_t i;

	for (i = 0; n->kind == YAML_SEQUENCE && i < n->count; i++) {
		before = enter(w, "[]", STR(""));
		indent(w->out, depth);
		strbuf_addc(w->out, '-');
		add_value(w, n->items[i], depth);
		w->path[before] = 0;
	}
	for (i = 0; n->kind == YAML_MAP && i < n->count; i++) {
		struct str key = n->pairs[i].key->text;

		/* keys that are no texts name nothing */
		if (!config_tree_text(n->pairs[i].key, &key))
			continue;
		before = enter(w, ".", key);
		indent(w->out, depth);
		add_scalar(w->out, key);
		strbuf_addc(w->out, ':');
		add_value(w, n->pairs[i].value, depth);
		w->path[before] = 0;
	}
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

/*
 * The maps that this key lies in and the one before did not: "engine:", " kmod:". Returns the depth of the
 * key itself.
 */
static unsigned int open_maps(struct strbuf *out, const char *before, const char *key)
{
	unsigned int depth = 0;
	bool same = true;
	const char *dot;

	for (; (dot = strchr(key, '.')); key = dot + 1, depth++) {
		size_t len = (size_t)(dot - key) + 1;

		same = same && strncmp(before, key, len) == 0;
		if (!same) {
			indent(out, depth);
			strbuf_addf(out, "%.*s:\n", (int)(len - 1), key);
		}
		before += same ? len : 0;
	}
	return depth;
}

static void add_member(struct strbuf *out, const struct config *c, const struct config_row *row)
{
	const void *member = (const char *)c + row->offset;
	const struct str *text = member;

	switch (row->type) {
	case CONFIG_BOOL:
		strbuf_adds(out, *(const bool *)member ? "true" : "false");
		break;
	case CONFIG_INT:
		strbuf_addi(out, *(const int64_t *)member);
		break;
	case CONFIG_UINT:
		strbuf_addu(out, *(const uint64_t *)member);
		break;
	case CONFIG_DOUBLE:
		strbuf_addf(out, "%.15g", *(const double *)member);
		break;
	case CONFIG_SECRET:
		strbuf_adds(out, text->len ? MASK : "\"\"");
		break;
	default:
		add_scalar(out, *text);
	}
}

static void add_default_list(struct walk *w, const char *fallback, unsigned int depth)
{
	struct str item;

	strbuf_addc(w->out, '\n');
	while (config_default_item(&fallback, &item)) {
		indent(w->out, depth + 1);
		strbuf_adds(w->out, "- ");
		add_scalar(w->out, item);
		end_line(w->out, w->c, NULL);
	}
}

static void add_row(struct walk *w, const struct config_row *row, const struct yaml_node *node, unsigned int depth)
{
	const char *dot = strrchr(row->key, '.'), *name = dot ? dot + 1 : row->key;
	bool tree = row->type == CONFIG_LIST || row->type == CONFIG_MAP || row->type == CONFIG_OBJECTS;

	indent(w->out, depth);
	/* a list that is missing need not mean an empty one */
	if (tree && !node && !*row->fallback) {
		strbuf_addf(w->out, "# %s is not set\n", name);
		return;
	}
	strbuf_addf(w->out, "%s:", name);
	if (tree && node) {
		snprintf(w->path, sizeof(w->path), "%s", row->key);
		add_value(w, node, depth);
		return;
	}
	if (tree) {
		add_default_list(w, row->fallback, depth);
		return;
	}
	strbuf_addc(w->out, ' ');
	add_member(w->out, w->c, row);
	end_line(w->out, w->c, node);
}

void config_show(struct strbuf *out, const struct config *c)
{
	struct walk w = { .out = out, .c = c };
	const char *before = "";
	size_t i;

	for (i = 0; i < config_nrows; i++) {
		const struct config_row *row = &config_rows[i];
		const struct yaml_node *node = c->given[i] ? config_tree_get(c->root, row->key) : NULL;

		if (row->member || (row->state == CONFIG_GONE && !node))
			continue;
		add_row(&w, row, node, open_maps(out, before, row->key));
		before = row->key;
	}
}

/* ---- one line ------------------------------------------------------------------------------------------ */

static void dump(struct walk *w, const struct yaml_node *n)
{
	bool first = true;
	size_t before;
	uint32_t i;

	if (is_secret(w) && n->kind != YAML_NULL) {
		strbuf_adds(w->out, MASK);
	} else if (n->kind == YAML_NULL) {
		strbuf_adds(w->out, "null");
	} else if (n->kind == YAML_SCALAR) {
		json_add_string(w->out, n->text);
	} else if (n->kind == YAML_SEQUENCE) {
		strbuf_addc(w->out, '[');
		for (i = 0; i < n->count; i++) {
			strbuf_adds(w->out, i ? ", " : "");
			before = enter(w, "[]", STR(""));
			dump(w, n->items[i]);
			w->path[before] = 0;
		}
		strbuf_addc(w->out, ']');
	} else {
		strbuf_addc(w->out, '{');
		for (i = 0; i < n->count; i++) {
			struct str key;

			if (!config_tree_text(n->pairs[i].key, &key))
				continue;
			strbuf_adds(w->out, first ? "" : ", ");
			first = false;
			json_add_string(w->out, key);
			strbuf_adds(w->out, ": ");
			before = enter(w, w->path[0] ? "." : "", key);
			dump(w, n->pairs[i].value);
			w->path[before] = 0;
		}
		strbuf_addc(w->out, '}');
	}
}

void config_dump(struct strbuf *out, const struct config *c)
{
	struct walk w = { .out = out, .c = c };

	dump(&w, c->root);
}
