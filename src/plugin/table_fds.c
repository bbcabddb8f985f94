/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "plugin/internal.h"

/*
 * "file_descriptors" of one thread's process. An entry is a table and a number: others may replace what
 * stands there.
 */

static struct fdtable *fds_of(struct table_handle *h)
{
	struct thread *t = table_outer_thread(h);

	return t ? t->fds : NULL;
}

static uint64_t size(struct table_handle *h)
{
	struct fdtable *fds = fds_of(h);

	return fds ? fds->count : UINT64_MAX;
}

static int find(struct table_handle *h, int64_t key, struct table_entry *e)
{
	struct fdtable *fds = fds_of(h);

	if (!fds || !fdtable_get(fds, key))
		return -ENOENT;
	e->fds = fdtable_ref(fds);
	return 0;
}

struct collected {
	int64_t *numbers;
	size_t n, room;
};

static int collect(void *context, struct fd *fd)
{
	struct collected *c = context;

	if (c->n < c->room)
		c->numbers[c->n++] = fd->number;
	return 0;
}

static void drop(struct table_entry *e)
{
	fdtable_unref(e->fds);
	fd_unref(e->fd);
}

static ss_plugin_bool iterate(struct table_handle *h, struct table_entry *e, ss_plugin_table_iterator_func_t it,
			      ss_plugin_table_iterator_state_t *s)
{
	struct fdtable *fds = fds_of(h);
	auto_free int64_t *numbers = fds ? calloc(fds->count + 1, sizeof(*numbers)) : NULL;
	struct collected c = { numbers, 0, fds ? fds->count : 0 };
	ss_plugin_bool all = 1;

	if (!numbers || fdtable_each(fds, collect, &c) < 0)
		return 0;
	e->fds = fdtable_ref(fds); /* what is called may remove its thread */
	for (size_t i = 0; i < c.n && all; i++) {
		if (!fdtable_get(fds, numbers[i]))
			continue;
		e->key = numbers[i];
		all = it(s, e);
	}
	return all;
}

static bool any(void *context, const struct fd *fd)
{
	(void)context;
	(void)fd;
	return true;
}

static int clear(struct table_handle *h)
{
	struct fdtable *fds = fds_of(h);

	if (!fds)
		return -ENOENT;
	fdtable_drop(fds, any, NULL);
	return 0;
}

static int erase(struct table_handle *h, int64_t key)
{
	struct fdtable *fds = fds_of(h);

	return fds && fdtable_remove(fds, key) ? 0 : -ENOENT;
}

static int create(struct table_handle *h, struct table_entry *e)
{
	(void)h;
	e->fd = fd_new(FD_UNSUPPORTED, -1);
	return e->fd ? 0 : -ENOMEM;
}

static int add(struct table_handle *h, int64_t key, struct table_entry *e)
{
	struct fdtable *fds = fds_of(h);
	struct fd *fd = e->fd;
	int r;

	if (!fd || !fds)
		return table_fail(h, -EINVAL, "the thread is gone, or the entry was added already");
	e->fd = NULL;
	fd->number = e->key = key;
	r = fdtable_put(fds, fd);
	if (r < 0)
		return table_fail(h, r, "descriptor %lld cannot be added: %s", (long long)key, strerror(-r));
	e->fds = fdtable_ref(fds);
	return 0;
}

static int read_value(struct table_handle *h, struct table_entry *e, int field, ss_plugin_state_data *ret_data)
{
	const struct fd *fd = e->fds ? fdtable_get(e->fds, e->key) : e->fd;
	struct attribute_value value;
	enum attribute_kind kind;
	struct str name;

	if (!fd || table_attribute(h, field, &name, &kind) < 0 || table_attribute_read(h, fd, field, &value) < 0)
		return table_fail(h, -ENOENT, "descriptor %lld is gone, or has no such field", (long long)e->key);
	table_take(h, kind, &value, ret_data);
	return 0;
}

static bool is_read_only(struct str attribute)
{
	return str_eq(attribute, STR("old_name"));
}

static int write_value(struct table_handle *h, struct table_entry *e, int field, const ss_plugin_state_data *data)
{
	struct fd *fd = e->fds ? fdtable_own(e->fds, e->key) : e->fd;
	struct attribute_value value;
	enum attribute_kind kind;
	struct str name;

	if (!fd || table_attribute(h, field, &name, &kind) < 0)
		return table_fail(h, -ENOENT, "descriptor %lld is gone, or has no such field", (long long)e->key);
	/* what a type may be is the program's */
	if (is_read_only(name) || table_give(kind, data, &value) < 0 || (kind == ATTRIBUTE_ENUM && value.u > FD_PIDFD))
		return table_fail(h, -EPERM, "this is not to be written into the field " STR_FMT, STR_ARG(name));
	if (str_eq(name, STR("fd")) && e->fds) /* its number is its place */
		return value.i == e->key ? 0 :
					   table_fail(h, -EPERM, "descriptor %lld keeps its number", (long long)e->key);
	return table_attribute_write(h, fd, field, &value);
}

const struct table_ops table_fds_ops = {
	.name = "file_descriptors",
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
	.field = table_attribute_field,
	.add_field = table_attribute_add,
	.attributes = ATTRIBUTE_FD,
	.is_fixed = is_read_only,
};
