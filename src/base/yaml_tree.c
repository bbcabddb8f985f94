/* SPDX-License-Identifier: Apache-2.0 */
/* From what the parser sees, one after the other, to the tree of a document. */
#include <errno.h>

#include "base/yaml_internal.h"

static int too_big(struct yaml_loader *l, struct yaml_position at, struct error *err, const char *what)
{
	l->where = at;
	return error_set(err, -E2BIG, "%s", what);
}

static int document_done(struct yaml_loader *l, struct error *err)
{
	if (l->documents.count == l->documents_cap) {
		size_t cap = l->documents_cap ? l->documents_cap * 2 : 4;
		struct yaml_node **grown = arena_array_of(l->arena, struct yaml_node *, cap);

		if (!grown)
			return error_set(err, -ENOMEM, "out of memory");
		if (l->documents.count)
			memcpy(grown, l->documents.list, l->documents.count * sizeof(*grown));
		l->documents.list = grown;
		l->documents_cap = cap;
	}
	l->documents.list[l->documents.count++] = l->root;
	return 0;
}

/* Makes room for one more entry of the open collection. */
static int frame_room(struct yaml_loader *l, struct yaml_frame *f, struct error *err)
{
	size_t entry = f->node->kind == YAML_MAP ? sizeof(struct yaml_pair) : sizeof(struct yaml_node *);
	uint32_t cap = f->cap ? f->cap * 2 : 4;
	void *grown;

	if (f->node->count < f->cap)
		return 0;
	grown = arena_array(l->arena, entry, cap);
	if (!grown)
		return error_set(err, -ENOMEM, "out of memory");
	if (f->node->count)
		memcpy(grown, f->node->items, f->node->count * entry);
	f->node->items = grown;
	f->cap = cap;
	return 0;
}

/* Puts a complete or just opened node where the document expects one. */
static int attach(struct yaml_loader *l, struct yaml_node *node, struct error *err)
{
	struct yaml_frame *f = l->depth ? &l->stack[l->depth - 1] : NULL;
	int r;

	if (!f) {
		l->root = node;
		return 0;
	}
	if (f->node->kind == YAML_MAP && !f->key) {
		f->key = node;
		return 0;
	}
	r = frame_room(l, f, err);
	if (r < 0)
		return r;
	if (f->node->kind == YAML_MAP)
		f->node->pairs[f->node->count++] = (struct yaml_pair){ f->key, node };
	else
		f->node->items[f->node->count++] = node;
	f->key = NULL;
	return 0;
}

/* Adds a complete child's size to the open collection. */
static void account(struct yaml_loader *l, const struct yaml_node *node)
{
	struct yaml_node *parent;

	if (l->depth == 0)
		return;
	parent = l->stack[l->depth - 1].node;
	parent->weight += node->weight;
	if (parent->height < node->height + 1)
		parent->height = node->height + 1;
}

static int remember(struct yaml_loader *l, const unsigned char *name, struct yaml_node *node, bool open,
		    struct error *err)
{
	struct yaml_anchor *a;

	if (!name)
		return 0;
	if (l->nanchors++ >= YAML_ANCHORS)
		return too_big(l, node->at, err, "too many anchors");
	a = arena_new_of(l->arena, struct yaml_anchor);
	if (!a)
		return error_set(err, -ENOMEM, "out of memory");
	*a = (struct yaml_anchor){ arena_str(l->arena, str_of((const char *)name)), node, open, l->anchors };
	if (!a->name.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	l->anchors = a;
	return 0;
}

static bool is_null_text(struct str s)
{
	return s.len == 0 || str_eq(s, STR("~")) || str_eq(s, STR("null")) || str_eq(s, STR("Null")) ||
	       str_eq(s, STR("NULL"));
}

static int add_scalar(struct yaml_loader *l, const yaml_event_t *event, struct error *err)
{
	struct yaml_node *node = arena_new_of(l->arena, struct yaml_node);
	int r;

	if (!node)
		return error_set(err, -ENOMEM, "out of memory");
	node->at = yaml_place(l, &event->start_mark);
	node->end = yaml_place(l, &event->end_mark).offset;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->weight = 1;
	node->text =
		arena_str(l->arena, (struct str){ (const char *)event->data.scalar.value, event->data.scalar.length });
	if (!node->text.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	if (l->odd)
		node->text.len = yaml_odd_show((char *)(uintptr_t)node->text.ptr, node->text.len);
	node->kind = node->plain && !event->data.scalar.tag && is_null_text(node->text) ? YAML_NULL : YAML_SCALAR;
	if (node->plain && node->text.len == 0 && event->start_mark.index == event->end_mark.index)
		l->omitted = node;
	if (++l->weight > YAML_NODES)
		return too_big(l, node->at, err, "the text has too many values");
	r = remember(l, event->data.scalar.anchor, node, false, err);
	if (r < 0)
		return r;
	account(l, node);
	return attach(l, node, err);
}

static int open_collection(struct yaml_loader *l, enum yaml_kind kind, const yaml_event_t *event,
			   const unsigned char *anchor, struct error *err)
{
	struct yaml_node *node = arena_new_of(l->arena, struct yaml_node);
	int r;

	if (!node)
		return error_set(err, -ENOMEM, "out of memory");
	node->kind = kind;
	node->at = yaml_place(l, &event->start_mark);
	node->weight = 1;
	if (++l->weight > YAML_NODES)
		return too_big(l, node->at, err, "the text has too many values");
	if (l->depth == YAML_DEPTH)
		return too_big(l, node->at, err, "values are nested too deeply");
	r = remember(l, anchor, node, true, err);
	if (r < 0)
		return r;
	r = attach(l, node, err);
	if (r < 0)
		return r;
	l->stack[l->depth++] = (struct yaml_frame){ .node = node, .anchor = anchor ? l->anchors : NULL };
	return 0;
}

static void close_collection(struct yaml_loader *l)
{
	const struct yaml_frame *f = &l->stack[--l->depth];

	if (f->anchor)
		f->anchor->open = false;
	account(l, f->node);
}

static int add_alias(struct yaml_loader *l, const yaml_event_t *event, struct error *err)
{
	struct str name = str_of((const char *)event->data.alias.anchor);
	struct yaml_position at = yaml_place(l, &event->start_mark);
	struct yaml_anchor *a = l->anchors;

	while (a && !str_eq(a->name, name))
		a = a->next;
	l->where = at;
	if (!a)
		return error_set(err, -EINVAL, "the alias *" STR_FMT " has no anchor", STR_ARG(name));
	if (a->open)
		return error_set(err, -EINVAL, "the alias *" STR_FMT " contains itself", STR_ARG(name));
	l->weight += a->node->weight;
	if (l->weight > YAML_NODES)
		return too_big(l, at, err, "aliases make the text too large");
	if (l->depth + a->node->height > YAML_DEPTH)
		return too_big(l, at, err, "values are nested too deeply");
	account(l, a->node);
	return attach(l, a->node, err);
}

int yaml_tree_take(struct yaml_loader *l, const yaml_event_t *event, struct error *err)
{
	if (l->omitted) {
		l->omitted->at = yaml_place(l, &event->start_mark);
		l->omitted->end = l->omitted->at.offset;
		l->omitted = NULL;
	}
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		l->depth = 0;
		l->root = NULL;
		l->anchors = NULL;
		return 0;
	case YAML_DOCUMENT_END_EVENT:
		return l->root ? document_done(l, err) : 0;
	case YAML_SCALAR_EVENT:
		return add_scalar(l, event, err);
	case YAML_SEQUENCE_START_EVENT:
		return open_collection(l, YAML_SEQUENCE, event, event->data.sequence_start.anchor, err);
	case YAML_MAPPING_START_EVENT:
		return open_collection(l, YAML_MAP, event, event->data.mapping_start.anchor, err);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_collection(l);
		return 0;
	case YAML_ALIAS_EVENT:
		return add_alias(l, event, err);
	default:
		return 0;
	}
}

int yaml_tree_cut(struct yaml_loader *l, struct error *err)
{
	while (l->depth) {
		struct yaml_frame *f = &l->stack[l->depth - 1];

		if (f->key) {
			struct yaml_node *omitted = arena_new_of(l->arena, struct yaml_node);
			int r;

			if (!omitted)
				return error_set(err, -ENOMEM, "out of memory");
			*omitted = (struct yaml_node){ .kind = YAML_NULL, .at = l->where, .weight = 1 };
			account(l, omitted);
			r = attach(l, omitted, err);
			if (r < 0)
				return r;
		}
		close_collection(l);
	}
	return document_done(l, err);
}
