/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "plugin/internal.h"

/* "threads": the attributes of threads, and their descriptors as a table in each. */

enum { FIELD_FDS, /* "file_descriptors" */ OWN_FIELDS /* attributes follow */ };

static uint64_t size(struct table_handle *h)
{
	return edit_count_threads(h->user->host->state);
}

static int find(struct table_handle *h, int64_t key, struct table_entry *e)
{
	(void)e;
	return edit_thread(h->user->host->state, key) ? 0 : -ENOENT;
}

static int64_t *list_threads(struct state *s, size_t *ret_n)
{
	size_t n = 0, room = edit_count_threads(s);
	int64_t *list = calloc(room + 1, sizeof(*list));
	struct thread *t;
	uint32_t at = 0;

	while (list && n < room && (t = edit_next_thread(s, &at)))
		list[n++] = t->tid;
	*ret_n = n;
	return list;
}

/* Over a list of numbers: what is called may change the table. */
static ss_plugin_bool iterate(struct table_handle *h, struct table_entry *e, ss_plugin_table_iterator_func_t it,
			      ss_plugin_table_iterator_state_t *s)
{
	size_t n = 0;
	auto_free int64_t *list = list_threads(h->user->host->state, &n);

	for (size_t i = 0; list && i < n; i++) {
		e->key = list[i];
		if (table_thread(h, e) && !it(s, e))
			return 0;
	}
	return list != NULL;
}

static int clear(struct table_handle *h)
{
	edit_remove_threads(h->user->host->state);
	return 0;
}

static int erase(struct table_handle *h, int64_t key)
{
	return edit_remove_thread(h->user->host->state, key);
}

static int create(struct table_handle *h, struct table_entry *e)
{
	(void)h;
	e->thread = edit_new_thread();
	return e->thread ? 0 : -ENOMEM;
}

static void drop(struct table_entry *e)
{
	if (e->thread)
		threads_discard(e->thread);
}

static int add(struct table_handle *h, int64_t key, struct table_entry *e)
{
	struct table_user *u = &h->user->tables;
	struct thread *t = e->thread;
	int r;

	if (!t)
		return table_fail(h, -EEXIST, "an entry is added once");
	e->thread = NULL;
	e->key = key;
	for (uint32_t i = 0; i < u->inner_used; i++)
		if (u->inner[i].thread == t) {
			u->inner[i].thread = NULL;
			u->inner[i].tid = key;
		}
	r = edit_add_thread(h->user->host->state, t, key);
	return r < 0 ? table_fail(h, r, "thread %lld cannot be added: %s", (long long)key, strerror(-r)) : 0;
}

static int read_value(struct table_handle *h, struct table_entry *e, int field, ss_plugin_state_data *ret_data)
{
	struct thread *t = table_thread(h, e);
	struct attribute_value value;
	enum attribute_kind kind;
	struct str name;

	if (!t)
		return table_fail(h, -ENOENT, "thread %lld is gone", (long long)e->key);
	if (field == FIELD_FDS) {
		ret_data->table = table_inner(h, e, &table_fds_ops, 0);
		return ret_data->table ? 0 : table_fail(h, -ENOSPC, "too many tables are held at once");
	}
	if (table_attribute(h, field, &name, &kind) < 0 || table_attribute_read(h, t, field, &value) < 0)
		return table_fail(h, -EINVAL, "there is no such field");
	if (kind == ATTRIBUTE_LIST) {
		ret_data->table = table_inner(h, e, str_eq(name, STR("cgroups")) ? &table_pairs_ops : &table_list_ops,
					      field - OWN_FIELDS);
		return ret_data->table ? 0 : table_fail(h, -ENOSPC, "too many tables are held at once");
	}
	table_take(h, kind, &value, ret_data);
	return 0;
}

static bool is_read_only(struct str name)
{
	return str_eq(name, STR("cwd"));
}

/* The tables hang on these: of a thread that is in them they can be written as they are. */
static bool is_key(struct str name)
{
	return str_eq(name, STR("tid")) || str_eq(name, STR("pid"));
}

static int write_value(struct table_handle *h, struct table_entry *e, int field, const ss_plugin_state_data *data)
{
	struct thread *t = table_thread(h, e);
	struct attribute_value value, now;
	enum attribute_kind kind;
	struct str name;

	if (!t || table_attribute(h, field, &name, &kind) < 0)
		return table_fail(h, -ENOENT, "thread %lld is gone, or has no such field", (long long)e->key);
	if (is_read_only(name) || table_give(kind, data, &value) < 0)
		return table_fail(h, -EPERM, "the field " STR_FMT " is not to be written", STR_ARG(name));
	if (is_key(name) && !e->thread) {
		if (table_attribute_read(h, t, field, &now) == 0 && now.i == value.i)
			return 0;
		return table_fail(h, -EPERM, "thread %lld keeps its " STR_FMT, (long long)e->key, STR_ARG(name));
	}
	if (str_eq(name, STR("ptid")) && !e->thread) {
		edit_set_parent(h->user->host->state, t, value.i);
		return 0;
	}
	return table_attribute_write(h, t, field, &value);
}

static int field(struct table_handle *h, int i, ss_plugin_table_fieldinfo *ret_info)
{
	if (i != FIELD_FDS)
		return table_attribute_field(h, i, ret_info);
	*ret_info = (ss_plugin_table_fieldinfo){ "file_descriptors", SS_PLUGIN_ST_TABLE, true };
	return 0;
}

const struct table_ops table_threads_ops = {
	.name = "threads",
	.key_type = SS_PLUGIN_ST_INT64,
	.size = size,
	.find = find,
	.iterate = iterate,
	.clear = clear,
	.erase = erase,
	.create = create,
	.add = add,
	.drop = drop,
	.read = read_value,
	.write = write_value,
	.field = field,
	.add_field = table_attribute_add,
	.attributes = ATTRIBUTE_THREAD,
	.own_fields = OWN_FIELDS,
	.is_fixed = is_read_only,
};
