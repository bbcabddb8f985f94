/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/limits.h"
#include "plugin/internal.h"

/*
 * "args", "env" and "cgroups" of a thread: lists of texts, keyed by their place. The state has them as one
 * text with a NUL after each item; an item of cgroups is "first=second".
 */

static const struct table_ops *ops_of(const struct table_handle *h)
{
	return h->ops;
}

static int get_list(struct table_handle *h, struct thread **ret_thread, struct str *ret_list)
{
	struct attribute_value value;
	struct thread *t = table_outer_thread(h);

	if (!t || state_attribute_read(h->user->host->state, ATTRIBUTE_THREAD, t, h->attribute, &value) < 0)
		return -ENOENT;
	*ret_thread = t;
	*ret_list = value.text;
	return 0;
}

static int set_list(struct table_handle *h, struct thread *t, const struct strbuf *list)
{
	struct attribute_value value = { .text = { list->ptr ? list->ptr : "", list->len } };

	return list->failed ? -ENOMEM :
			      state_attribute_write(h->user->host->state, ATTRIBUTE_THREAD, t, h->attribute, &value);
}

/* Cuts the first item off. */
static bool next_item(struct str *list, struct str *ret_item)
{
	const char *end = list->len ? memchr(list->ptr, 0, list->len) : NULL;

	if (!list->len)
		return false;
	*ret_item = (struct str){ list->ptr, end ? (size_t)(end - list->ptr) : list->len };
	*list = end ? (struct str){ end + 1, list->len - ret_item->len - 1 } : STR("");
	return true;
}

static int find_item(struct table_handle *h, int64_t key, struct str *ret_item)
{
	struct thread *t;
	struct str list;
	int64_t i;

	if (get_list(h, &t, &list) < 0)
		return -ENOENT;
	for (i = 0; next_item(&list, ret_item); i++)
		if (i == key)
			return 0;
	return -ENOENT;
}

static uint64_t size(struct table_handle *h)
{
	struct thread *t;
	struct str list, item;
	uint64_t n = 0;

	if (get_list(h, &t, &list) < 0)
		return UINT64_MAX;
	while (next_item(&list, &item))
		n++;
	return n;
}

static int find(struct table_handle *h, int64_t key, struct table_entry *e)
{
	struct str item;

	(void)e;
	return find_item(h, key, &item);
}

static ss_plugin_bool iterate(struct table_handle *h, struct table_entry *e, ss_plugin_table_iterator_func_t it,
			      ss_plugin_table_iterator_state_t *s)
{
	uint64_t n = size(h);

	for (uint64_t i = 0; n != UINT64_MAX && i < n; i++) {
		e->key = (int64_t)i;
		if (!it(s, e))
			return 0;
	}
	return n != UINT64_MAX;
}

static int clear(struct table_handle *h)
{
	struct strbuf none = { 0 };
	struct thread *t;
	struct str list;

	return get_list(h, &t, &list) < 0 ? -ENOENT : set_list(h, t, &none);
}

/* Puts item in place of number key, or takes that out when item has no text. */
static int replace(struct table_handle *h, int64_t key, struct str with)
{
	auto_strbuf struct strbuf out = { 0 };
	struct str list, item;
	struct thread *t;
	bool found = false;

	if (get_list(h, &t, &list) < 0)
		return -ENOENT;
	for (int64_t i = 0; next_item(&list, &item); i++) {
		found = found || i == key;
		if (i == key && !with.ptr)
			continue;
		strbuf_addstr(&out, i == key ? with : item);
		strbuf_addc(&out, 0);
	}
	return found ? set_list(h, t, &out) : -ENOENT;
}

static int erase(struct table_handle *h, int64_t key)
{
	return replace(h, key, (struct str){ NULL, 0 });
}

static int create(struct table_handle *h, struct table_entry *e)
{
	(void)h;
	e->key = -1;
	return 0;
}

static void add_empty(const struct table_handle *h, struct strbuf *out)
{
	if (ops_of(h) == &table_pairs_ops)
		strbuf_addc(out, '=');
	strbuf_addc(out, 0);
}

/* The list ends with the new entry, as Falco's do. */
static int add(struct table_handle *h, int64_t key, struct table_entry *e)
{
	auto_strbuf struct strbuf out = { 0 };
	struct str list, item;
	struct thread *t;
	int64_t i;

	if (e->key != -1 || key < 0 || key > PLUGIN_KEYS || get_list(h, &t, &list) < 0)
		return table_fail(h, -EINVAL, "an entry cannot be added at %lld", (long long)key);
	for (i = 0; i <= key; i++) {
		if (next_item(&list, &item)) {
			strbuf_addstr(&out, item);
			strbuf_addc(&out, 0);
		} else {
			add_empty(h, &out);
		}
	}
	e->key = key;
	return set_list(h, t, &out);
}

static void split(struct str item, struct str parts[2])
{
	const char *sign = item.len ? memchr(item.ptr, '=', item.len) : NULL;
	size_t first = sign ? (size_t)(sign - item.ptr) : item.len;

	parts[0] = (struct str){ item.ptr, first };
	parts[1] = sign ? (struct str){ sign + 1, item.len - first - 1 } : STR("");
}

static int read_value(struct table_handle *h, struct table_entry *e, int field, ss_plugin_state_data *ret_data)
{
	struct str item, parts[2];

	if (find_item(h, e->key, &item) < 0)
		return table_fail(h, -ENOENT, "there is no entry %lld", (long long)e->key);
	parts[0] = parts[1] = item;
	if (ops_of(h) == &table_pairs_ops)
		split(item, parts);
	if (field < 0 || field > (ops_of(h) == &table_pairs_ops))
		return table_fail(h, -EINVAL, "there is no such field");
	ret_data->str = table_keep(h, parts[field]);
	return 0;
}

static int write_value(struct table_handle *h, struct table_entry *e, int field, const ss_plugin_state_data *data)
{
	auto_strbuf struct strbuf text = { 0 };
	struct str item, parts[2], with;
	int r;

	if (!data->str || field < 0 || field > (ops_of(h) == &table_pairs_ops) || find_item(h, e->key, &item) < 0)
		return table_fail(h, -ENOENT, "there is no entry %lld or no such field", (long long)e->key);
	with = (struct str){ data->str, strnlen(data->str, PLUGIN_VALUE_BYTES) };
	if (ops_of(h) == &table_pairs_ops) {
		split(item, parts);
		parts[field] = with;
		strbuf_addf(&text, STR_FMT "=" STR_FMT, STR_ARG(parts[0]), STR_ARG(parts[1]));
		with = strbuf_str(&text);
	}
	r = text.failed ? -ENOMEM : replace(h, e->key, with);
	return r < 0 ? table_fail(h, r, "%s", strerror(-r)) : 0;
}

static int field(struct table_handle *h, int i, ss_plugin_table_fieldinfo *ret_info)
{
	static const char *const pair[] = { "first", "second" };
	bool pairs = ops_of(h) == &table_pairs_ops;

	if (i < 0 || i > pairs)
		return -ENOENT;
	*ret_info = (ss_plugin_table_fieldinfo){ pairs ? pair[i] : "value", SS_PLUGIN_ST_STRING, false };
	return 0;
}

#define LIST_OPS(n)                                                                                          \
	{ .name = (n), .key_type = SS_PLUGIN_ST_UINT64, .size = size, .find = find, .iterate = iterate,      \
	  .clear = clear, .erase = erase, .create = create, .add = add, .read = read_value,                  \
	  .write = write_value, .field = field }
const struct table_ops table_list_ops = LIST_OPS("list");
const struct table_ops table_pairs_ops = LIST_OPS("cgroups");
