/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>

#include "plugin/internal.h"

/* ---- what plugins call: leads to ours or to another plugin's ---- */

static const ss_plugin_table_input *table_of(ss_plugin_table_t *t)
{
	const ss_plugin_table_input *in = t;

	return in && in->reader_ext && in->writer_ext && in->fields_ext ? in : NULL;
}

/* FAILED is what the function returns where there is no such function. */
#define LEAD(part, function, failed, ...)                        \
	const ss_plugin_table_input *in = table_of(t);               \
	return in && in->part->function ? in->part->function(in->table, ##__VA_ARGS__) : (failed)

static const ss_plugin_table_fieldinfo *list_fields(ss_plugin_table_t *t, uint32_t *n)
{
	LEAD(fields_ext, list_table_fields, NULL, n);
}

static ss_plugin_table_field_t *get_field(ss_plugin_table_t *t, const char *name, ss_plugin_state_type type)
{
	LEAD(fields_ext, get_table_field, NULL, name, type);
}

static ss_plugin_table_field_t *add_field(ss_plugin_table_t *t, const char *name, ss_plugin_state_type type)
{
	LEAD(fields_ext, add_table_field, NULL, name, type);
}

static const char *get_name(ss_plugin_table_t *t)
{
	LEAD(reader_ext, get_table_name, NULL);
}

static uint64_t get_size(ss_plugin_table_t *t)
{
	LEAD(reader_ext, get_table_size, UINT64_MAX);
}

static ss_plugin_table_entry_t *get_entry(ss_plugin_table_t *t, const ss_plugin_state_data *key)
{
	LEAD(reader_ext, get_table_entry, NULL, key);
}

static ss_plugin_rc read_field(ss_plugin_table_t *t, ss_plugin_table_entry_t *e, const ss_plugin_table_field_t *f,
			       ss_plugin_state_data *out)
{
	LEAD(reader_ext, read_entry_field, SS_PLUGIN_FAILURE, e, f, out);
}

static void release(ss_plugin_table_t *t, ss_plugin_table_entry_t *e)
{
	const ss_plugin_table_input *in = table_of(t);

	if (in && in->reader_ext->release_table_entry)
		in->reader_ext->release_table_entry(in->table, e);
}

static ss_plugin_bool iterate(ss_plugin_table_t *t, ss_plugin_table_iterator_func_t it,
			      ss_plugin_table_iterator_state_t *s)
{
	LEAD(reader_ext, iterate_entries, 0, it, s);
}

static ss_plugin_rc clear(ss_plugin_table_t *t)
{
	LEAD(writer_ext, clear_table, SS_PLUGIN_FAILURE);
}

static ss_plugin_rc erase(ss_plugin_table_t *t, const ss_plugin_state_data *key)
{
	LEAD(writer_ext, erase_table_entry, SS_PLUGIN_FAILURE, key);
}

static ss_plugin_table_entry_t *create_entry(ss_plugin_table_t *t)
{
	LEAD(writer_ext, create_table_entry, NULL);
}

static void destroy_entry(ss_plugin_table_t *t, ss_plugin_table_entry_t *e)
{
	const ss_plugin_table_input *in = table_of(t);

	if (in && in->writer_ext->destroy_table_entry)
		in->writer_ext->destroy_table_entry(in->table, e);
}

static ss_plugin_table_entry_t *add_entry(ss_plugin_table_t *t, const ss_plugin_state_data *key,
					  ss_plugin_table_entry_t *e)
{
	LEAD(writer_ext, add_table_entry, NULL, key, e);
}

static ss_plugin_rc write_field(ss_plugin_table_t *t, ss_plugin_table_entry_t *e, const ss_plugin_table_field_t *f,
				const ss_plugin_state_data *in_data)
{
	LEAD(writer_ext, write_entry_field, SS_PLUGIN_FAILURE, e, f, in_data);
}
#undef LEAD

const ss_plugin_table_fields_vtable table_fields = { list_fields, get_field, add_field };
const ss_plugin_table_reader_vtable_ext table_reader = { get_name, get_size, get_entry, read_field, release, iterate };
const ss_plugin_table_writer_vtable_ext table_writer = {
	clear, erase, create_entry, destroy_entry, add_entry, write_field,
};

ss_plugin_table_reader_vtable table_old_reader(void)
{
	return (ss_plugin_table_reader_vtable){ get_name, get_size, get_entry, read_field };
}

/* ---- tables of plugins, as others see them: what failed is known to who asked ---- */

static const struct provided_table *provided(struct table_handle *h)
{
	return h->provided;
}

static void told(struct table_handle *h, bool failed)
{
	struct plugin *p = h->provided->provider;
	const char *said = failed && p->state ? p->api.get_last_error(p->state) : NULL;

	if (failed)
		table_fail(h, -EIO, "plugin " STR_FMT " refuses: %.512s", STR_ARG(p->view.name), said ? said : "");
}

static const ss_plugin_table_fieldinfo *their_list_fields(ss_plugin_table_t *t, uint32_t *n)
{
	const struct provided_table *p = provided(t);
	const ss_plugin_table_fieldinfo *r = p->fields.list_table_fields(p->input.table, n);

	told(t, !r);
	return r;
}

static ss_plugin_table_field_t *their_get_field(ss_plugin_table_t *t, const char *name, ss_plugin_state_type type)
{
	const struct provided_table *p = provided(t);
	ss_plugin_table_field_t *r = p->fields.get_table_field(p->input.table, name, type);

	told(t, !r);
	return r;
}

static ss_plugin_table_field_t *their_add_field(ss_plugin_table_t *t, const char *name, ss_plugin_state_type type)
{
	const struct provided_table *p = provided(t);
	ss_plugin_table_field_t *r = p->fields.add_table_field(p->input.table, name, type);

	told(t, !r);
	return r;
}

static const char *their_name(ss_plugin_table_t *t)
{
	return provided(t)->name;
}

static uint64_t their_size(ss_plugin_table_t *t)
{
	const struct provided_table *p = provided(t);
	uint64_t r = p->reader.get_table_size(p->input.table);

	told(t, r == UINT64_MAX);
	return r;
}

static ss_plugin_table_entry_t *their_get_entry(ss_plugin_table_t *t, const ss_plugin_state_data *key)
{
	const struct provided_table *p = provided(t);
	ss_plugin_table_entry_t *r = p->reader.get_table_entry(p->input.table, key);

	told(t, !r);
	return r;
}

static ss_plugin_rc their_read(ss_plugin_table_t *t, ss_plugin_table_entry_t *e, const ss_plugin_table_field_t *f,
			       ss_plugin_state_data *out)
{
	const struct provided_table *p = provided(t);
	ss_plugin_rc r = p->reader.read_entry_field(p->input.table, e, f, out);

	told(t, r != SS_PLUGIN_SUCCESS);
	return r;
}

static void their_release(ss_plugin_table_t *t, ss_plugin_table_entry_t *e)
{
	const struct provided_table *p = provided(t);

	if (p->reader.release_table_entry)
		p->reader.release_table_entry(p->input.table, e);
}

static ss_plugin_bool their_iterate(ss_plugin_table_t *t, ss_plugin_table_iterator_func_t it,
				    ss_plugin_table_iterator_state_t *s)
{
	const struct provided_table *p = provided(t);

	return p->reader.iterate_entries ? p->reader.iterate_entries(p->input.table, it, s) : 0;
}

static ss_plugin_rc their_clear(ss_plugin_table_t *t)
{
	const struct provided_table *p = provided(t);
	ss_plugin_rc r = p->writer.clear_table(p->input.table);

	told(t, r != SS_PLUGIN_SUCCESS);
	return r;
}

static ss_plugin_rc their_erase(ss_plugin_table_t *t, const ss_plugin_state_data *key)
{
	const struct provided_table *p = provided(t);
	ss_plugin_rc r = p->writer.erase_table_entry(p->input.table, key);

	told(t, r != SS_PLUGIN_SUCCESS);
	return r;
}

static ss_plugin_table_entry_t *their_create(ss_plugin_table_t *t)
{
	const struct provided_table *p = provided(t);
	ss_plugin_table_entry_t *r = p->writer.create_table_entry(p->input.table);

	told(t, !r);
	return r;
}

static void their_destroy(ss_plugin_table_t *t, ss_plugin_table_entry_t *e)
{
	const struct provided_table *p = provided(t);

	p->writer.destroy_table_entry(p->input.table, e);
}

static ss_plugin_table_entry_t *their_add(ss_plugin_table_t *t, const ss_plugin_state_data *key,
					  ss_plugin_table_entry_t *e)
{
	const struct provided_table *p = provided(t);
	ss_plugin_table_entry_t *r = p->writer.add_table_entry(p->input.table, key, e);

	told(t, !r);
	return r;
}

static ss_plugin_rc their_write(ss_plugin_table_t *t, ss_plugin_table_entry_t *e, const ss_plugin_table_field_t *f,
				const ss_plugin_state_data *in)
{
	const struct provided_table *p = provided(t);
	ss_plugin_rc r = p->writer.write_entry_field(p->input.table, e, f, in);

	told(t, r != SS_PLUGIN_SUCCESS);
	return r;
}

static ss_plugin_table_fields_vtable_ext their_fields = { their_list_fields, their_get_field, their_add_field };
static ss_plugin_table_reader_vtable_ext their_reader = {
	their_name, their_size, their_get_entry, their_read, their_release, their_iterate,
};
static ss_plugin_table_writer_vtable_ext their_writer = {
	their_clear, their_erase, their_create, their_destroy, their_add, their_write,
};

/* ---- by name, in init() ---- */

ss_plugin_table_info *tables_list(ss_plugin_owner_t *owner, uint32_t *ret_n)
{
	struct plugin *p = owner;
	ss_plugin_table_info *list = p->tables.infos;
	uint32_t n = 0;

	if (!p->host || !ret_n)
		return NULL;
	list[n++] = (ss_plugin_table_info){ table_threads_ops.name, table_threads_ops.key_type };
	for (size_t i = 0; i < p->host->nprovided; i++)
		list[n++] = (ss_plugin_table_info){ p->host->provided[i]->name, p->host->provided[i]->input.key_type };
	*ret_n = n;
	return list;
}

static const struct provided_table *find_provided(const struct plugin_host *h, const char *name)
{
	for (size_t i = 0; i < h->nprovided; i++)
		if (strcmp(h->provided[i]->name, name) == 0)
			return h->provided[i];
	return NULL;
}

static const char *name_of(const struct table_handle *h)
{
	return h->provided ? h->provided->name : h->ops->name;
}

static struct table_handle *handle_for(struct plugin *p, const char *name)
{
	const struct provided_table *t = find_provided(p->host, name);
	struct table_handle *h;

	for (size_t i = 0; i < p->tables.ntables; i++)
		if (strcmp(name_of(p->tables.tables[i]), name) == 0)
			return p->tables.tables[i];
	if (!t && strcmp(name, table_threads_ops.name) != 0)
		return NULL;
	h = table_handle_new(p, t ? NULL : &table_threads_ops);
	if (h && t) {
		h->provided = t;
		h->input = (ss_plugin_table_input){ .name = t->name,
						    .key_type = t->input.key_type,
						    .table = h,
						    .reader_ext = &their_reader,
						    .writer_ext = &their_writer,
						    .fields_ext = &their_fields };
	}
	return h;
}

ss_plugin_table_t *tables_get(ss_plugin_owner_t *owner, const char *name, ss_plugin_state_type key_type)
{
	struct plugin *p = owner;
	struct table_handle *h = p->host && name ? handle_for(p, name) : NULL;

	if (!h) {
		p->misses_table = true;
		plugin_tell_owner_error(p, "there is no table %.256s", name ? name : "");
		return NULL;
	}
	if (h->input.key_type != key_type) {
		plugin_tell_owner_error(p, "the table %.256s has keys of type %d, not %d", name, (int)h->input.key_type,
					(int)key_type);
		return NULL;
	}
	return &h->input;
}

static bool is_key_type(ss_plugin_state_type type)
{
	return (type >= SS_PLUGIN_ST_INT8 && type <= SS_PLUGIN_ST_STRING) || type == SS_PLUGIN_ST_BOOL;
}

/* Before 3.1 there were no releases and no walks. Since then the functions of before stand in two places. */
static bool take_functions(struct provided_table *t, const ss_plugin_table_input *in, bool old)
{
	const ss_plugin_table_reader_vtable_ext *r = &t->reader;
	const ss_plugin_table_writer_vtable_ext *w = &t->writer;

	if (old) {
		t->reader = (ss_plugin_table_reader_vtable_ext){ in->reader.get_table_name,
								 in->reader.get_table_size,
								 in->reader.get_table_entry,
								 in->reader.read_entry_field,
								 NULL,
								 NULL };
		t->writer = in->writer;
		t->fields = in->fields;
	} else {
		if (!in->reader_ext || !in->writer_ext || !in->fields_ext)
			return false;
		t->reader = *in->reader_ext;
		t->writer = *in->writer_ext;
		t->fields = *in->fields_ext;
		if (!r->release_table_entry || !r->iterate_entries || memcmp(r, &in->reader, sizeof(in->reader)) != 0 ||
		    memcmp(w, &in->writer, sizeof(in->writer)) != 0 ||
		    memcmp(&t->fields, &in->fields, sizeof(in->fields)) != 0)
			return false;
	}
	return r->get_table_name && r->get_table_size && r->get_table_entry && r->read_entry_field && w->clear_table &&
	       w->erase_table_entry && w->create_table_entry && w->destroy_table_entry && w->add_table_entry &&
	       w->write_entry_field && t->fields.list_table_fields && t->fields.get_table_field &&
	       t->fields.add_table_field;
}

ss_plugin_rc tables_add(ss_plugin_owner_t *owner, const ss_plugin_table_input *in)
{
	struct plugin *p = owner;
	struct provided_table *t;

	if (!p->host || !in || !in->name || !*in->name || strnlen(in->name, PLUGIN_NAME_BYTES) == PLUGIN_NAME_BYTES ||
	    !is_key_type(in->key_type)) {
		plugin_tell_owner_error(p, "a table needs a name, and keys of a type that there is");
		return SS_PLUGIN_FAILURE;
	}
	if (strcmp(in->name, table_threads_ops.name) == 0 || find_provided(p->host, in->name) ||
	    p->host->nprovided >= PLUGIN_TABLES - 1) {
		plugin_tell_owner_error(p, "there is a table %s already, or there are too many", in->name);
		return SS_PLUGIN_FAILURE;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return SS_PLUGIN_FAILURE;
	t->provider = p;
	t->input = *in;
	t->name = str_dup(str_of(in->name));
	if (!t->name || !take_functions(t, in, p->api_minor < 1)) {
		plugin_tell_owner_error(p, "the table %s lacks some of its functions, or has two of one kind",
					in->name);
		free(t->name);
		free(t);
		return SS_PLUGIN_FAILURE;
	}
	p->host->provided[p->host->nprovided++] = t;
	return SS_PLUGIN_SUCCESS;
}
