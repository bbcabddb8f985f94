/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_PLUGIN_TABLES_H
#define MONITOR_PLUGIN_TABLES_H

#include "plugin/plugin_api.h"
#include "state/edit.h"

/*
 * State tables. What a plugin holds for a table is always a pointer to a ss_plugin_table_input: of ours it is
 * the head of a handle of that plugin, so that it is known who asks; other plugins' tables inside of tables
 * are as their plugin made them. Entries of ours are looked up anew at each use: none can dangle.
 */
struct plugin;
struct table_handle;

struct table_entry {
	bool live;
	bool walking; /* of a walk: releasing it means nothing */
	struct table_handle *table;
	int64_t key;
	struct thread *thread; /* threads: made up, and the entry's own until it is added */
	struct fdtable *fds; /* fds: its own reference; NULL for one that is made up */
	struct fd *fd; /* fds: made up and the entry's own */
};

/* What a kind of table does. Negative errno with a text by table_fail(). */
struct table_ops {
	const char *name;
	ss_plugin_state_type key_type;
	uint64_t (*size)(struct table_handle *h);
	int (*find)(struct table_handle *h, int64_t key, struct table_entry *e);
	ss_plugin_bool (*iterate)(struct table_handle *h, struct table_entry *e, ss_plugin_table_iterator_func_t it,
				  ss_plugin_table_iterator_state_t *s);
	int (*clear)(struct table_handle *h);
	int (*erase)(struct table_handle *h, int64_t key);
	int (*create)(struct table_handle *h, struct table_entry *e);
	int (*add)(struct table_handle *h, int64_t key, struct table_entry *e);
	void (*drop)(struct table_entry *e); /* what the entry owns */
	int (*read)(struct table_handle *h, struct table_entry *e, int field, ss_plugin_state_data *ret_data);
	int (*write)(struct table_handle *h, struct table_entry *e, int field, const ss_plugin_state_data *data);
	/* -ENOENT past the last */
	int (*field)(struct table_handle *h, int field, ss_plugin_table_fieldinfo *ret_info);
	/* NULL: none can be added */
	int (*add_field)(struct table_handle *h, const char *name, ss_plugin_state_type type);
	/* of tables whose fields are attributes of the state */
	enum attribute_owner attributes;
	int own_fields; /* that stand before them */
	bool (*is_fixed)(struct str attribute); /* it is not to be written */
};

struct table_handle {
	ss_plugin_table_input input; /* the head: this is what the plugin sees */
	struct plugin *user;
	bool live;
	const struct table_ops *ops; /* NULL: a table that a plugin provides */
	const struct provided_table *provided;
	/* tables of one thread */
	int64_t tid;
	struct thread *thread; /* of one that is made up */
	int attribute;
};

/* A plugin's handles and entries. The tables that it got in init() stay, all else is taken back after each call. */
struct table_user {
	struct table_handle *tables[PLUGIN_TABLES];
	size_t ntables;
	struct table_handle *inner; /* tables in entries: PLUGIN_HANDLES */
	struct table_entry *entries; /* PLUGIN_HANDLES */
	uint32_t inner_used, entries_used; /* high marks */
	ss_plugin_table_fieldinfo *listed;
	uint32_t nlisted;
	ss_plugin_table_info infos[PLUGIN_TABLES];
};

/* A table that a plugin has added. */
struct provided_table {
	struct plugin *provider;
	char *name;
	ss_plugin_table_input input;
	ss_plugin_table_reader_vtable_ext reader;
	ss_plugin_table_writer_vtable_ext writer;
	ss_plugin_table_fields_vtable_ext fields;
};

/* ---- tables.c: what plugins are given ---- */

extern const ss_plugin_table_fields_vtable table_fields;
extern const ss_plugin_table_reader_vtable_ext table_reader;
extern const ss_plugin_table_writer_vtable_ext table_writer;
/* The forms before extensions. */
ss_plugin_table_reader_vtable table_old_reader(void);
ss_plugin_table_info *tables_list(ss_plugin_owner_t *owner, uint32_t *ret_n);
ss_plugin_table_t *tables_get(ss_plugin_owner_t *owner, const char *name, ss_plugin_state_type key_type);
ss_plugin_rc tables_add(ss_plugin_owner_t *owner, const ss_plugin_table_input *in);

/* ---- table_handles.c: handles and entries of ours ---- */

/* kept until table_user_free() */
struct table_handle *table_handle_new(struct plugin *user, const struct table_ops *ops);
ss_plugin_table_t *table_inner(struct table_handle *outer, const struct table_entry *e, const struct table_ops *ops,
			       int attribute);
/* Takes back what a call has left. */
void tables_end_call(struct plugin *p);
void tables_user_free(struct plugin *p);
int table_fail(struct table_handle *h, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* of an entry of threads; NULL: it is gone */
struct thread *table_thread(struct table_handle *h, const struct table_entry *e);
struct thread *table_outer_thread(struct table_handle *h); /* whose table this is */
/* A text that lasts until the plugin's call ends. */
const char *table_keep(struct table_handle *h, struct str text);

/* ---- kinds ---- */

extern const struct table_ops table_threads_ops; /* table_threads.c */
extern const struct table_ops table_fds_ops; /* table_fds.c */
extern const struct table_ops table_list_ops, table_pairs_ops; /* table_lists.c: args and env, cgroups */

/* ---- table_values.c: attributes as fields of tables ---- */

/* -ENOENT past the last */
int table_attribute(struct table_handle *h, int field, struct str *ret_name, enum attribute_kind *ret_kind);
/* table_ops.field, behind own_fields */
int table_attribute_field(struct table_handle *h, int field, ss_plugin_table_fieldinfo *ret_info);
int table_attribute_add(struct table_handle *h, const char *name, ss_plugin_state_type type); /* table_ops.add_field */
int table_attribute_read(struct table_handle *h, const void *object, int field, struct attribute_value *ret_value);
int table_attribute_write(struct table_handle *h, void *object, int field, const struct attribute_value *value);
void table_take(struct table_handle *h, enum attribute_kind kind, const struct attribute_value *v,
		ss_plugin_state_data *ret_data);
int table_give(enum attribute_kind kind, const ss_plugin_state_data *data, struct attribute_value *ret_value);

#endif
