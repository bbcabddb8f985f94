/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>

#include "base/limits.h"
#include "plugin/internal.h"

/* ---- pools ---- */

int table_fail(struct table_handle *h, int code, const char *format, ...)
{
	char text[PLUGIN_MAX_ERRLEN];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	plugin_tell_owner_error(h->user, "%s: %s", h->ops ? h->ops->name : h->provided->name, text);
	return code;
}

const char *table_keep(struct table_handle *h, struct str text)
{
	const char *copy = arena_str(h->user->call, text).ptr;

	return copy ? copy : "";
}

static const ss_plugin_table_reader_vtable_ext our_reader;
static const ss_plugin_table_writer_vtable_ext our_writer;
static const ss_plugin_table_fields_vtable_ext our_fields;

/* Plugins only pass it back: the pointers may lead to what is constant. */
static void fill_handle(struct table_handle *h, struct plugin *user, const struct table_ops *ops)
{
	*h = (struct table_handle){
		.input = { .name = ops->name,
			   .key_type = ops->key_type,
			   .table = h,
			   .reader_ext = (ss_plugin_table_reader_vtable_ext *)(uintptr_t)&our_reader,
			   .writer_ext = (ss_plugin_table_writer_vtable_ext *)(uintptr_t)&our_writer,
			   .fields_ext = (ss_plugin_table_fields_vtable_ext *)(uintptr_t)&our_fields },
		.user = user,
		.live = true,
		.ops = ops,
	};
}

struct table_handle *table_handle_new(struct plugin *user, const struct table_ops *ops)
{
	struct table_user *u = &user->tables;
	struct table_handle *h = u->ntables < PLUGIN_TABLES ? calloc(1, sizeof(*h)) : NULL;

	if (!h)
		return NULL;
	if (ops)
		fill_handle(h, user, ops);
	h->user = user;
	u->tables[u->ntables++] = h;
	return h;
}

ss_plugin_table_t *table_inner(struct table_handle *outer, const struct table_entry *e, const struct table_ops *ops,
			       int attribute)
{
	struct table_user *u = &outer->user->tables;
	struct table_handle *h;

	if (!u->inner)
		u->inner = calloc(PLUGIN_HANDLES, sizeof(*u->inner));
	if (!u->inner || u->inner_used == PLUGIN_HANDLES)
		return NULL;
	h = &u->inner[u->inner_used++];
	fill_handle(h, outer->user, ops);
	h->tid = e->key;
	h->thread = e->thread;
	h->attribute = attribute;
	return &h->input;
}

/* The lowest free one: most calls hold one or two. */
static struct table_entry *entry_new(struct table_handle *h)
{
	struct table_user *u = &h->user->tables;
	uint32_t i;

	if (!u->entries)
		u->entries = calloc(PLUGIN_HANDLES, sizeof(*u->entries));
	for (i = 0; u->entries && i < PLUGIN_HANDLES && u->entries[i].live; i++)
		;
	if (!u->entries || i == PLUGIN_HANDLES) {
		table_fail(h, -ENOSPC, "too many entries are held at once");
		return NULL;
	}
	if (i >= u->entries_used)
		u->entries_used = i + 1;
	u->entries[i] = (struct table_entry){ .live = true, .table = h };
	return &u->entries[i];
}

static void entry_free(struct table_entry *e)
{
	struct table_user *u = &e->table->user->tables;

	if (e->thread) /* tables inside of a thread that is no more */
		for (uint32_t i = 0; i < u->inner_used; i++)
			if (u->inner[i].thread == e->thread)
				u->inner[i].live = false;
	if (e->table->ops->drop)
		e->table->ops->drop(e);
	*e = (struct table_entry){ 0 };
	while (u->entries_used && !u->entries[u->entries_used - 1].live)
		u->entries_used--;
}

/* Whether what a plugin passes as an entry of this table is one. */
static struct table_entry *entry_of(struct table_handle *h, ss_plugin_table_entry_t *pointer)
{
	struct table_user *u = &h->user->tables;
	uintptr_t at = (uintptr_t)pointer - (uintptr_t)u->entries;
	struct table_entry *e = NULL;

	if (u->entries && at % sizeof(*e) == 0 && at / sizeof(*e) < u->entries_used)
		e = &u->entries[at / sizeof(*e)];
	if (!e || !e->live || e->table->ops != h->ops) {
		table_fail(h, -EINVAL, "this is no entry of it");
		return NULL;
	}
	return e;
}

void tables_end_call(struct plugin *p)
{
	struct table_user *u = &p->tables;

	while (u->entries_used) {
		struct table_entry *e = &u->entries[u->entries_used - 1];

		if (e->live)
			entry_free(e);
		else
			u->entries_used--;
	}
	u->inner_used = 0;
	if (p->call)
		arena_reset(p->call);
}

void tables_user_free(struct plugin *p)
{
	struct table_user *u = &p->tables;

	tables_end_call(p);
	while (u->ntables)
		free(u->tables[--u->ntables]);
	free(u->inner);
	free(u->entries);
	free(u->listed);
	*u = (struct table_user){ 0 };
}

/* ---- what the pointers in handles of ours lead to ---- */

static struct table_handle *handle_of(ss_plugin_table_t *t)
{
	struct table_handle *h = t;

	return h && h->live && h->user->host ? h : NULL;
}

static int64_t key_of(const struct table_handle *h, const ss_plugin_state_data *key)
{
	return h->ops->key_type == SS_PLUGIN_ST_INT64 || key->u64 <= INT64_MAX ? key->s64 : INT64_MAX;
}

static const char *get_name(ss_plugin_table_t *t)
{
	struct table_handle *h = handle_of(t);

	return h ? h->ops->name : NULL;
}

static uint64_t get_size(ss_plugin_table_t *t)
{
	struct table_handle *h = handle_of(t);

	return h ? h->ops->size(h) : UINT64_MAX;
}

static ss_plugin_table_entry_t *get_entry(ss_plugin_table_t *t, const ss_plugin_state_data *key)
{
	struct table_handle *h = handle_of(t);
	struct table_entry *e = h && key ? entry_new(h) : NULL;

	if (!e)
		return NULL;
	e->key = key_of(h, key);
	if (h->ops->find(h, e->key, e) < 0) {
		table_fail(h, -ENOENT, "there is no entry %lld", (long long)e->key);
		entry_free(e);
		return NULL;
	}
	return e;
}

static ss_plugin_rc read_field(ss_plugin_table_t *t, ss_plugin_table_entry_t *pointer, const ss_plugin_table_field_t *f,
			       ss_plugin_state_data *out)
{
	struct table_handle *h = handle_of(t);
	struct table_entry *e = h && out ? entry_of(h, pointer) : NULL;

	if (!e || (uintptr_t)f - 1 > INT32_MAX)
		return SS_PLUGIN_FAILURE;
	*out = (ss_plugin_state_data){ 0 };
	return h->ops->read(h, e, (int)((uintptr_t)f - 1), out) < 0 ? SS_PLUGIN_FAILURE : SS_PLUGIN_SUCCESS;
}

static void release(ss_plugin_table_t *t, ss_plugin_table_entry_t *pointer)
{
	struct table_handle *h = handle_of(t);
	struct table_entry *e = h ? entry_of(h, pointer) : NULL;

	if (e && !e->walking)
		entry_free(e);
}

static ss_plugin_bool iterate(ss_plugin_table_t *t, ss_plugin_table_iterator_func_t it,
			      ss_plugin_table_iterator_state_t *s)
{
	struct table_handle *h = handle_of(t);
	struct table_entry *e = h && it ? entry_new(h) : NULL;
	ss_plugin_bool all;

	if (!e)
		return 0;
	e->walking = true;
	all = h->ops->iterate(h, e, it, s);
	entry_free(e);
	return all;
}

static ss_plugin_rc clear(ss_plugin_table_t *t)
{
	struct table_handle *h = handle_of(t);

	return h && h->ops->clear(h) == 0 ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
}

static ss_plugin_rc erase(ss_plugin_table_t *t, const ss_plugin_state_data *key)
{
	struct table_handle *h = handle_of(t);

	if (!h || !key)
		return SS_PLUGIN_FAILURE;
	if (h->ops->erase(h, key_of(h, key)) < 0) {
		table_fail(h, -ENOENT, "there is no entry %lld", (long long)key_of(h, key));
		return SS_PLUGIN_FAILURE;
	}
	return SS_PLUGIN_SUCCESS;
}

static ss_plugin_table_entry_t *create_entry(ss_plugin_table_t *t)
{
	struct table_handle *h = handle_of(t);
	struct table_entry *e = h ? entry_new(h) : NULL;

	if (e && h->ops->create(h, e) < 0) {
		entry_free(e);
		return NULL;
	}
	return e;
}

static ss_plugin_table_entry_t *add_entry(ss_plugin_table_t *t, const ss_plugin_state_data *key,
					  ss_plugin_table_entry_t *pointer)
{
	struct table_handle *h = handle_of(t);
	struct table_entry *e = h && key ? entry_of(h, pointer) : NULL;

	if (!e || e->walking)
		return NULL;
	if (h->ops->add(h, key_of(h, key), e) < 0) {
		entry_free(e);
		return NULL;
	}
	return e;
}

static ss_plugin_rc write_field(ss_plugin_table_t *t, ss_plugin_table_entry_t *pointer,
				const ss_plugin_table_field_t *f, const ss_plugin_state_data *in)
{
	struct table_handle *h = handle_of(t);
	struct table_entry *e = h && in ? entry_of(h, pointer) : NULL;

	if (!e || (uintptr_t)f - 1 > INT32_MAX)
		return SS_PLUGIN_FAILURE;
	return h->ops->write(h, e, (int)((uintptr_t)f - 1), in) < 0 ? SS_PLUGIN_FAILURE : SS_PLUGIN_SUCCESS;
}

/* ---- fields ---- */

static const ss_plugin_table_fieldinfo *list_fields(ss_plugin_table_t *t, uint32_t *ret_n)
{
	struct table_handle *h = handle_of(t);
	ss_plugin_table_fieldinfo info, *grown;
	struct table_user *u;
	uint32_t n;

	if (!h || !ret_n)
		return NULL;
	u = &h->user->tables;
	for (n = 0; h->ops->field(h, (int)n, &info) == 0; n++) {
		if (n >= u->nlisted) {
			grown = reallocarray(u->listed, n + 64, sizeof(*grown));
			if (!grown)
				return NULL;
			u->listed = grown;
			u->nlisted = n + 64;
		}
		u->listed[n] = info;
	}
	*ret_n = n;
	return u->listed;
}

static int find_field(struct table_handle *h, const char *name, ss_plugin_table_fieldinfo *ret_info)
{
	for (int i = 0; h->ops->field(h, i, ret_info) == 0; i++)
		if (strcmp(ret_info->name, name) == 0)
			return i;
	return -ENOENT;
}

static ss_plugin_table_field_t *get_field(ss_plugin_table_t *t, const char *name, ss_plugin_state_type type)
{
	struct table_handle *h = handle_of(t);
	ss_plugin_table_fieldinfo info;
	int i;

	if (!h || !name)
		return NULL;
	i = find_field(h, name, &info);
	if (i < 0)
		table_fail(h, i, "there is no field %.256s", name);
	else if (info.field_type != type)
		i = table_fail(h, -EINVAL, "the field %.256s is of type %d, not %d", name, (int)info.field_type,
			       (int)type);
	return i < 0 ? NULL : (ss_plugin_table_field_t *)((uintptr_t)i + 1);
}

static ss_plugin_table_field_t *add_field(ss_plugin_table_t *t, const char *name, ss_plugin_state_type type)
{
	struct table_handle *h = handle_of(t);
	ss_plugin_table_fieldinfo info;
	int r;

	if (!h || !name || !*name || strnlen(name, PLUGIN_NAME_BYTES) == PLUGIN_NAME_BYTES)
		return NULL;
	if (find_field(h, name, &info) >= 0)
		return get_field(t, name, type);
	r = h->ops->add_field ? h->ops->add_field(h, name, type) : -ENOTSUP;
	if (r < 0) {
		table_fail(h, r, "the field %s cannot be added: %s", name, strerror(-r));
		return NULL;
	}
	return get_field(t, name, type);
}

static const ss_plugin_table_reader_vtable_ext our_reader = {
	.get_table_name = get_name,
	.get_table_size = get_size,
	.get_table_entry = get_entry,
	.read_entry_field = read_field,
	.release_table_entry = release,
	.iterate_entries = iterate,
};

static const ss_plugin_table_writer_vtable_ext our_writer = {
	.clear_table = clear,
	.erase_table_entry = erase,
	.create_table_entry = create_entry,
	.destroy_table_entry = release,
	.add_table_entry = add_entry,
	.write_entry_field = write_field,
};

static const ss_plugin_table_fields_vtable_ext our_fields = {
	.list_table_fields = list_fields,
	.get_table_field = get_field,
	.add_table_field = add_field,
};

/* ---- whose they are ---- */

struct thread *table_thread(struct table_handle *h, const struct table_entry *e)
{
	return e->thread ? e->thread : edit_thread(h->user->host->state, e->key);
}

struct thread *table_outer_thread(struct table_handle *h)
{
	return h->thread ? h->thread : edit_thread(h->user->host->state, h->tid);
}
