/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "app/config_tree.h"
#include "base/limits.h"
#include "base/parse.h"

/* ---- nodes --------------------------------------------------------------------------------------------- */

static struct yaml_node *new_node(struct arena *arena, enum yaml_kind kind)
{
	struct yaml_node *n = arena_new_of(arena, struct yaml_node);

	if (n) {
		n->kind = kind;
		n->weight = 1;
	}
	return n;
}

struct yaml_node *config_tree_scalar(struct arena *arena, struct str text)
{
	struct yaml_node *n = new_node(arena, YAML_SCALAR);

	if (!n)
		return NULL;
	n->text = arena_str(arena, text);
	n->plain = true;
	return n->text.ptr ? n : NULL;
}

bool config_tree_text(const struct yaml_node *node, struct str *ret_text)
{
	if (node && node->kind == YAML_SCALAR)
		*ret_text = node->text;
	else if (node && node->kind == YAML_NULL)
		*ret_text = STR("null");
	else
		return false;
	return true;
}

static struct yaml_pair *find(const struct yaml_node *map, struct str key)
{
	uint32_t i;

	for (i = 0; map->kind == YAML_MAP && i < map->count; i++)
		if (map->pairs[i].key->kind == YAML_SCALAR && str_eq(map->pairs[i].key->text, key))
			return &map->pairs[i];
	return NULL;
}

bool config_tree_came_before(const struct yaml_node *map, uint32_t i)
{
	struct str key, other;

	for (uint32_t k = 0; k < i; k++)
		if (config_tree_text(map->pairs[i].key, &key) && config_tree_text(map->pairs[k].key, &other) &&
		    str_eq(key, other))
			return true;
	return false;
}

/* Makes room for so many more entries of a list or map; as it was read it has none. */
static int make_room(struct arena *arena, struct yaml_node *n, enum yaml_kind kind, uint32_t more)
{
	size_t size = kind == YAML_MAP ? sizeof(*n->pairs) : sizeof(struct yaml_node *);
	uint64_t room = (uint64_t)n->count + more;
	void *list;

	if (n->kind == kind && room <= n->room)
		return 0;
	if (room > YAML_NODES)
		return -ENOMEM;
	room = 2 * room;
	list = arena_array(arena, size, room);
	if (!list)
		return -ENOMEM;
	if (n->count)
		memcpy(list, kind == YAML_MAP ? (const void *)n->pairs : (const void *)n->items, n->count * size);
	if (kind == YAML_MAP)
		n->pairs = list;
	else
		n->items = list;
	n->kind = kind;
	n->room = (uint32_t)room;
	return 0;
}

/* A new place below a node. */
static struct yaml_node **add_pair(struct arena *arena, struct yaml_node *map, struct str key)
{
	struct yaml_pair pair = { config_tree_scalar(arena, key), new_node(arena, YAML_NULL) };

	if (!pair.key || !pair.value || make_room(arena, map, YAML_MAP, 1) < 0)
		return NULL;
	map->pairs[map->count] = pair;
	return &map->pairs[map->count++].value;
}

static struct yaml_node **add_item(struct arena *arena, struct yaml_node *list)
{
	struct yaml_node *item = new_node(arena, YAML_NULL);

	if (!item || make_room(arena, list, YAML_SEQUENCE, 1) < 0)
		return NULL;
	list->items[list->count] = item;
	return &list->items[list->count++];
}

/* ---- paths --------------------------------------------------------------------------------------------- */

/* One step: a name (unescaped, in name) or an index, APPEND for []. */
struct step {
	bool is_index;
	int index;
	char name[256];
};
#define APPEND (-1)

static const char *read_name(const char *p, struct step *step)
{
	size_t n = 0;

	step->is_index = false;
	for (; *p && *p != '.' && *p != '['; p++) {
		if (*p == '\\' && !strchr(".[]\\", p[1] ? p[1] : 'x'))
			return NULL;
		if (*p == '\\')
			p++;
		if (n + 1 >= sizeof(step->name))
			return NULL;
		step->name[n++] = *p;
	}
	step->name[n] = 0;
	return n ? p : NULL;
}

static const char *read_index(const char *p, struct step *step)
{
	const char *end = strchr(p, ']');

	if (!end)
		return NULL;
	step->is_index = true;
	if (end == p)
		step->index = APPEND;
	else if (parse_int((struct str){ p, (size_t)(end - p) }, &step->index) < 0 || step->index < 0)
		return NULL;
	return end + 1;
}

/* The next step of a path, or NULL when it is malformed. first: nothing came before. */
static const char *read_step(const char *p, bool first, struct step *step)
{
	if (!first && *p == '[')
		return read_index(p + 1, step);
	if (!first)
		return *p == '.' ? read_name(p + 1, step) : NULL;
	return read_name(p, step);
}

struct yaml_node *config_tree_get(struct yaml_node *root, const char *path)
{
	struct yaml_node *n = root;
	const char *p = path;
	struct step step;

	while (n && *p) {
		p = read_step(p, p == path, &step);
		if (!p)
			return NULL;
		if (step.is_index) {
			n = n->kind == YAML_SEQUENCE && step.index >= 0 && (uint32_t)step.index < n->count ?
				    n->items[step.index] :
				    NULL;
		} else {
			struct yaml_pair *pair = find(n, str_of(step.name));

			n = pair ? pair->value : NULL;
		}
	}
	return n;
}

/* What is missing is made, with that origin. */
static int descend(struct arena *arena, struct yaml_node *n, const struct step *step, uint16_t origin,
		   struct yaml_node ***ret_place)
{
	struct yaml_node **place = NULL;

	if (step->is_index) {
		if (n->kind != YAML_SEQUENCE && n->kind != YAML_NULL)
			return -EINVAL;
		if (n->kind == YAML_SEQUENCE && step->index >= 0 && (uint32_t)step->index < n->count)
			place = &n->items[step->index];
		else if (step->index == APPEND || (uint32_t)step->index == (n->kind == YAML_NULL ? 0 : n->count))
			place = add_item(arena, n);
		else
			return -EINVAL;
	} else {
		struct yaml_pair *pair;

		if (n->kind != YAML_MAP && n->kind != YAML_NULL)
			return -EINVAL;
		pair = find(n, str_of(step->name));
		place = pair ? &pair->value : add_pair(arena, n, str_of(step->name));
		if (!pair && place)
			n->pairs[n->count - 1].key->origin = origin;
	}
	if (!place)
		return -ENOMEM;
	if (!(*place)->origin)
		(*place)->origin = origin;
	*ret_place = place;
	return 0;
}

int config_tree_set(struct arena *arena, struct yaml_node *root, const char *path, struct yaml_node *value,
		    struct error *err)
{
	struct yaml_node **place = &root;
	const char *p = path;
	unsigned int depth = 0;
	struct step step;
	int r;

	if (!*p)
		return error_set(err, -EINVAL, "a configuration key is empty");
	while (*p) {
		p = read_step(p, p == path, &step);
		if (!p || ++depth > YAML_DEPTH)
			return error_set(err, -EINVAL, "malformed configuration key \"%s\"", path);
		r = descend(arena, *place, &step, value->origin, &place);
		if (r == -EINVAL)
			return error_set(err, r, "configuration key \"%s\" does not fit what is configured", path);
		if (r < 0)
			return error_set(err, r, "out of memory");
	}
	*place = value;
	return 0;
}

/* Reads a text of any kind; the error has line and column. */
static int parse(struct arena *arena, struct str name, struct str text, struct yaml_node **ret_root,
		 struct error *err)
{
	struct yaml_documents documents;
	struct yaml_position where = { 0 };
	struct yaml_node *root;
	int r;

	r = yaml_load(arena, text, 0, &documents, &where, err);
	if (r < 0)
		return error_prefix(err, r, STR_FMT ":%u:%u", STR_ARG(name), where.line + 1, where.column + 1);
	root = documents.count ? documents.list[0] : new_node(arena, YAML_NULL);
	if (!root)
		return error_set(err, -ENOMEM, "out of memory");
	*ret_root = root;
	return 0;
}

static bool is_flow(struct str text, char open, char close)
{
	return text.len > 1 && text.ptr[0] == open && text.ptr[text.len - 1] == close;
}

int config_tree_assign(struct arena *arena, struct yaml_node *root, const char *assignment, bool is_list,
		       uint16_t origin, struct error *err)
{
	const char *equals = strchr(assignment, '=');
	struct yaml_node *value;
	struct str text;
	char *key;
	int r;

	if (!equals)
		return error_set(err, -EINVAL, "\"%s\" is no KEY=VALUE", assignment);
	key = arena_bytes(arena, (size_t)(equals - assignment) + 1);
	if (!key)
		return error_set(err, -ENOMEM, "out of memory");
	memcpy(key, assignment, (size_t)(equals - assignment));
	key[equals - assignment] = 0;

	text = str_of(equals + 1);
	if (is_flow(text, '{', '}') || (is_list && is_flow(text, '[', ']'))) {
		r = parse(arena, str_of(key), text, &value, err);
		if (r < 0)
			return r;
	} else {
		value = config_tree_scalar(arena, text);
		if (!value)
			return error_set(err, -ENOMEM, "out of memory");
	}
	if (config_tree_adopt(arena, value, origin, false) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	return config_tree_set(arena, root, key, value, err);
}

/* ---- whole files --------------------------------------------------------------------------------------- */

int config_tree_load(struct arena *arena, struct str name, struct str text, bool text_alone,
		     struct yaml_node **ret_root, struct error *err)
{
	struct yaml_node *root;
	int r = parse(arena, name, text, &root, err);

	if (r < 0)
		return r;
	if (root->kind == YAML_NULL) {
		root->kind = YAML_MAP;
		root->count = 0;
	}
	if (root->kind == YAML_SEQUENCE || (root->kind == YAML_SCALAR && !text_alone))
		return error_set(err, -EINVAL, STR_FMT ": a configuration consists of keys and values", STR_ARG(name));
	*ret_root = root;
	return 0;
}

static int merge_one(struct arena *arena, struct yaml_node *root, struct str key, const struct yaml_pair *included,
		     enum config_merge how)
{
	struct yaml_pair *there = find(root, key);
	struct yaml_node **place = there ? &there->value : NULL, *value = included->value, *name;
	uint32_t i;

	if (place && how == CONFIG_MERGE_ADD_ONLY)
		return 0;
	if (!place) {
		place = add_pair(arena, root, key);
		if (!place)
			return -ENOMEM;
		name = root->pairs[root->count - 1].key;
		name->origin = included->key->origin;
		name->at = included->key->at;
	}
	if (how != CONFIG_MERGE_APPEND || value->kind != YAML_SEQUENCE ||
	    ((*place)->kind != YAML_SEQUENCE && (*place)->kind != YAML_NULL)) {
		*place = value;
		return 0;
	}
	if (make_room(arena, *place, YAML_SEQUENCE, value->count) < 0)
		return -ENOMEM;
	for (i = 0; i < value->count; i++)
		(*place)->items[(*place)->count++] = value->items[i];
	return 0;
}

int config_tree_merge(struct arena *arena, struct yaml_node *root, struct yaml_node *included, enum config_merge how)
{
	uint32_t i;
	int r;

	for (i = 0; i < included->count; i++) {
		struct str key;

		if (!config_tree_text(included->pairs[i].key, &key))
			continue;
		r = merge_one(arena, root, key, &included->pairs[i], how);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- ${VARIABLE} --------------------------------------------------------------------------------------- */

/* The variable's name is between "${" and "}"; a name that is too long is that of none. */
static struct str variable(struct str name)
{
	char text[256];

	if (name.len >= sizeof(text))
		return STR("");
	snprintf(text, sizeof(text), STR_FMT, STR_ARG(name));
	return str_of(getenv(text));
}

/*
 * What a variable brings is looked at again, as Falco does, so ${A} may hold ${B}: *budget of them at most,
 * since it may hold itself. $${A} is the way to write ${A}; only its "${" is passed over, so that $${${A}}
 * has the value of A in it.
 */
static void expand_text(struct strbuf *out, struct str s, unsigned int *budget)
{
	const char *close = s.ptr; /* the next "}": looked for once, as there may be many "${" before it, or none */
	size_t i = 0;

	while (i < s.len) {
		struct str rest = { s.ptr + i, s.len - i };
		bool escaped = str_starts(rest, STR("$${"));

		if (close && close <= rest.ptr)
			close = memchr(rest.ptr, '}', rest.len);
		if (!close || !(escaped || str_starts(rest, STR("${")))) {
			strbuf_addc(out, s.ptr[i++]);
		} else if (escaped) {
			strbuf_adds(out, "${");
			i += 3;
		} else {
			if (*budget && (*budget)--)
				expand_text(out, variable((struct str){ rest.ptr + 2, (size_t)(close - rest.ptr) - 2 }),
					    budget);
			i += (size_t)(close - rest.ptr) + 1;
		}
	}
}

int config_tree_adopt(struct arena *arena, struct yaml_node *n, uint16_t origin, bool expand)
{
	auto_strbuf struct strbuf out = { 0 };
	unsigned int budget = CONFIG_VARIABLES;
	uint32_t i;
	int r = 0;

	if (n->origin) /* an alias: seen before */
		return 0;
	n->origin = origin;
	for (i = 0; r == 0 && n->kind == YAML_SEQUENCE && i < n->count; i++)
		r = config_tree_adopt(arena, n->items[i], origin, expand);
	for (i = 0; r == 0 && n->kind == YAML_MAP && i < n->count; i++) {
		r = config_tree_adopt(arena, n->pairs[i].key, origin, false);
		if (r == 0)
			r = config_tree_adopt(arena, n->pairs[i].value, origin, expand);
	}
	if (r < 0 || !expand || n->kind != YAML_SCALAR || !n->text.len || !memchr(n->text.ptr, '$', n->text.len))
		return r;
	expand_text(&out, n->text, &budget);
	n->text = arena_str(arena, strbuf_str(&out));
	return out.failed || !n->text.ptr ? -ENOMEM : 0;
}
