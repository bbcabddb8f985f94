/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin_liar.h"

/* State tables, by a plugin that passes whatever it likes, and in which order plugins are started for them. */

static ss_plugin_rc (*on_parse)(const ss_plugin_event_parse_input *in);
static ss_plugin_table_t *threads_table;
static ss_plugin_table_fields_vtable_ext fields_vtable;
static ss_plugin_table_field_t *comm_field, *pid_field, *fds_field, *env_field, *own_field;

/* Falco's fields of threads and descriptors: "NAME TYPE", with a * where it is not to be written. */
static const char *const thread_fields =
	"args 10* cgroups 10* comm 9 container_id 9 cwd 9* env 10* exe 9 exe_from_memfd 25 exe_ino 8 exe_ino_ctime 8 exe_ino_mtime 8 "
	"exe_lower_layer 25 exe_path 9 exe_upper_layer 25 exe_writable 25 fd_limit 4 file_descriptors 10* flags 7 gid 7 loginuid 7 own 2 "
	"pgid 4 pid 4 pidns_init_start_ts 8 ptid 4 reaper_tid 4 root 9 sid 4 tid 4 tty 7 uid 7 vpgid 4 vpid 4 vtid 4 ";
static const char *const fd_fields =
	"dev 7 fd 4 flags 7 ino 8 mount_id 7 name 9 name_raw 9 old_name 9* open_flags 7 pid 4 socket_ipv4_dest_dip 7 socket_ipv4_dst_port 6 "
	"socket_ipv4_l4_proto 5 socket_ipv4_server_ip 7 socket_ipv4_server_l4_proto 5 socket_ipv4_server_port 6 socket_ipv4_src_ip 7 "
	"socket_ipv4_src_port 6 socket_ipv6_dest_ip_high 8 socket_ipv6_dest_ip_low 8 socket_ipv6_dst_port 6 socket_ipv6_l4_proto 5 "
	"socket_ipv6_server_ip_high 8 socket_ipv6_server_ip_low 8 socket_ipv6_server_l4_proto 5 socket_ipv6_server_port 6 "
	"socket_ipv6_src_ip_high 8 socket_ipv6_src_ip_low 8 socket_ipv6_src_port 6 socket_unix_dest 8 socket_unix_src 8 type 5 ";

static int by_name(const void *a, const void *b)
{
	return strcmp(((const ss_plugin_table_fieldinfo *)a)->name, ((const ss_plugin_table_fieldinfo *)b)->name);
}

static void assert_fields(const ss_plugin_table_fields_vtable_ext *f, ss_plugin_table_t *t, const char *expected)
{
	uint32_t n = 0;
	const ss_plugin_table_fieldinfo *list = f->list_table_fields(t, &n);
	ss_plugin_table_fieldinfo sorted[64];
	char text[2048] = "";

	assert_in_range(n, 1, ARRAY_SIZE(sorted));
	memcpy(sorted, list, n * sizeof(*list));
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (uint32_t i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s %d%s ", sorted[i].name,
			 (int)sorted[i].field_type, sorted[i].read_only ? "*" : "");
	assert_string_equal(text, expected);
}

static ss_plugin_t *init_tables(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	const ss_plugin_table_fields_vtable_ext *f = in->tables->fields_ext;

	threads_table = in->tables->get_table(in->owner, "threads", SS_PLUGIN_ST_INT64);
	comm_field = f->get_table_field(threads_table, "comm", SS_PLUGIN_ST_STRING);
	pid_field = f->get_table_field(threads_table, "pid", SS_PLUGIN_ST_INT64);
	fds_field = f->get_table_field(threads_table, "file_descriptors", SS_PLUGIN_ST_TABLE);
	env_field = f->get_table_field(threads_table, "env", SS_PLUGIN_ST_TABLE);
	own_field = f->add_table_field(threads_table, "own", SS_PLUGIN_ST_INT16);
	assert_true(threads_table && comm_field && pid_field && fds_field && env_field && own_field);
	assert_null(f->get_table_field(threads_table, "comm", SS_PLUGIN_ST_INT64));
	assert_null(f->get_table_field(threads_table, "none", SS_PLUGIN_ST_INT64));
	assert_null(f->add_table_field(threads_table, "own", SS_PLUGIN_ST_INT64));
	assert_null(f->add_table_field(threads_table, "inner", SS_PLUGIN_ST_TABLE));
	assert_non_null(in->get_owner_last_error(in->owner));
	assert_fields(f, threads_table, thread_fields);
	fields_vtable = *f;
	*rc = SS_PLUGIN_SUCCESS;
	return &says;
}

static ss_plugin_rc parse(ss_plugin_t *s, const ss_plugin_event_input *evt, const ss_plugin_event_parse_input *in)
{
	(void)s;
	(void)evt;
	return on_parse(in);
}

static ss_plugin_rc use_tables(const ss_plugin_event_parse_input *in)
{
	const ss_plugin_table_reader_vtable_ext *r = in->table_reader_ext;
	const ss_plugin_table_writer_vtable_ext *w = in->table_writer_ext;
	ss_plugin_state_data key = { .s64 = 77 }, data, list;
	ss_plugin_table_entry_t *e = w->create_table_entry(threads_table), *item;
	ss_plugin_table_field_t *number;

	data.str = "made";
	assert_int_equal(w->write_entry_field(threads_table, e, comm_field, &data), SS_PLUGIN_SUCCESS);
	data.s64 = 77;
	assert_int_equal(w->write_entry_field(threads_table, e, pid_field, &data), SS_PLUGIN_SUCCESS);
	e = w->add_table_entry(threads_table, &key, e);
	assert_non_null(e);
	assert_int_equal(r->get_table_size(threads_table), 1);
	assert_int_equal(w->write_entry_field(threads_table, e, pid_field, &data), SS_PLUGIN_SUCCESS); /* as it is */
	data.s64 = 78;
	assert_int_equal(w->write_entry_field(threads_table, e, pid_field, &data), SS_PLUGIN_FAILURE);
	data.s16 = -3;
	assert_int_equal(w->write_entry_field(threads_table, e, own_field, &data), SS_PLUGIN_SUCCESS);
	data.s64 = 0;
	assert_int_equal(r->read_entry_field(threads_table, e, own_field, &data), SS_PLUGIN_SUCCESS);
	assert_int_equal(data.s16, -3);
	/* its descriptors */
	assert_int_equal(r->read_entry_field(threads_table, e, fds_field, &list), SS_PLUGIN_SUCCESS);
	assert_fields(&fields_vtable, list.table, fd_fields);
	number = fields_vtable.get_table_field(list.table, "fd", SS_PLUGIN_ST_INT64);
	item = w->create_table_entry(list.table);
	data.s64 = 9;
	assert_int_equal(w->write_entry_field(list.table, item, number, &data), SS_PLUGIN_SUCCESS);
	key.s64 = 5;
	item = w->add_table_entry(list.table, &key, item);
	assert_non_null(item);
	assert_int_equal(w->write_entry_field(list.table, item, number, &data), SS_PLUGIN_FAILURE);
	assert_int_equal(r->read_entry_field(list.table, item, number, &data), SS_PLUGIN_SUCCESS);
	assert_int_equal(data.s64, 5); /* where it was put */
	assert_int_equal(w->write_entry_field(list.table, item, number, &data), SS_PLUGIN_SUCCESS);
	data.str = "no";
	number = fields_vtable.get_table_field(list.table, "old_name", SS_PLUGIN_ST_STRING);
	assert_int_equal(w->write_entry_field(list.table, item, number, &data), SS_PLUGIN_FAILURE);
	/* a list: filled up to its end */
	assert_int_equal(r->read_entry_field(threads_table, e, env_field, &list), SS_PLUGIN_SUCCESS);
	key.u64 = 1;
	item = w->add_table_entry(list.table, &key, w->create_table_entry(list.table));
	assert_non_null(item);
	assert_int_equal(r->get_table_size(list.table), 2);
	key.u64 = UINT64_MAX;
	assert_null(w->add_table_entry(list.table, &key, w->create_table_entry(list.table)));
	/* what is gone is gone, for all that was held of it */
	key.s64 = 77;
	assert_int_equal(w->erase_table_entry(threads_table, &key), SS_PLUGIN_SUCCESS);
	assert_int_equal(r->read_entry_field(threads_table, e, comm_field, &data), SS_PLUGIN_FAILURE);
	assert_int_equal(r->read_entry_field(list.table, item, env_field, &data), SS_PLUGIN_FAILURE);
	assert_int_equal(r->get_table_size(list.table), UINT64_MAX);
	return SS_PLUGIN_SUCCESS;
}

static ss_plugin_rc misuse_tables(const ss_plugin_event_parse_input *in)
{
	const ss_plugin_table_reader_vtable_ext *r = in->table_reader_ext;
	const ss_plugin_table_writer_vtable_ext *w = in->table_writer_ext;
	ss_plugin_state_data key = { .s64 = 5 }, data;
	ss_plugin_table_entry_t *e;

	assert_null(r->get_table_entry(NULL, &key));
	assert_null(r->get_table_entry(threads_table, NULL));
	assert_null(r->get_table_entry(threads_table, &key));
	assert_int_equal(r->read_entry_field(threads_table, (void *)0x10, comm_field, &data), SS_PLUGIN_FAILURE);
	assert_int_equal(r->read_entry_field(threads_table, NULL, comm_field, &data), SS_PLUGIN_FAILURE);
	e = w->create_table_entry(threads_table);
	assert_int_equal(r->read_entry_field(threads_table, (char *)e + 1, comm_field, &data), SS_PLUGIN_FAILURE);
	assert_int_equal(r->read_entry_field(threads_table, e, NULL, &data), SS_PLUGIN_FAILURE);
	assert_int_equal(r->read_entry_field(threads_table, e, (void *)0x7fffffff, &data), SS_PLUGIN_FAILURE);
	data.str = NULL;
	assert_int_equal(w->write_entry_field(threads_table, e, comm_field, &data), SS_PLUGIN_FAILURE);
	w->destroy_table_entry(threads_table, e);
	w->destroy_table_entry(threads_table, e); /* twice */
	assert_null(w->add_table_entry(threads_table, &key, e));
	/* more than may be held at once, and none released */
	for (int i = 0; i < PLUGIN_HANDLES; i++)
		assert_non_null(w->create_table_entry(threads_table));
	assert_null(w->create_table_entry(threads_table));
	return SS_PLUGIN_FAILURE;
}

static void test_tables(void **state)
{
	plugin_api api = good_api();
	auto_plugin struct plugin *p = NULL;
	struct plugin_host_stats stats;
	struct event_builder b = { 0 };
	struct event ev;

	(void)state;
	api.init = init_tables;
	api.parse_event = parse;
	assert_int_equal(load(&api, &p, NULL), 0);
	event_begin(&b, EV_PLUGINEVENT_E, 1, -1);
	event_put_int(&b, 999);
	event_put_bytes(&b, STR("data"));
	assert_int_equal(event_end(&b, &ev, NULL), 0);
	assert_true(plugin_host_parses(world.host, EV_PLUGINEVENT_E));
	assert_false(plugin_host_parses(world.host, EV_PROCEXIT_1_E));
	on_parse = misuse_tables;
	plugin_host_parse(world.host, &ev, STR("lies"));
	plugin_host_parse(world.host, &ev, STR("truths")); /* not its source */
	on_parse = use_tables; /* nothing is left of the call before */
	plugin_host_parse(world.host, &ev, STR("lies"));
	plugin_host_stats(world.host, &stats);
	assert_int_equal(stats.parse_failures, 1);
	event_builder_free(&b);
}

/* ---- one that needs what another provides ---- */

static int inits;
static const char *wanted_table;

static const char *no_name(ss_plugin_table_t *t) { (void)t; return "mine"; }
static uint64_t no_size(ss_plugin_table_t *t) { (void)t; return 0; }
static ss_plugin_table_entry_t *no_entry(ss_plugin_table_t *t, const ss_plugin_state_data *key)
{
	(void)t;
	(void)key;
	return NULL;
}
static void no_release(ss_plugin_table_t *t, ss_plugin_table_entry_t *e) { (void)t; (void)e; }
static ss_plugin_table_entry_t *no_new(ss_plugin_table_t *t) { (void)t; return NULL; }
static ss_plugin_rc no_clear(ss_plugin_table_t *t) { (void)t; return SS_PLUGIN_FAILURE; }
static ss_plugin_rc no_erase(ss_plugin_table_t *t, const ss_plugin_state_data *key)
{
	(void)t;
	(void)key;
	return SS_PLUGIN_FAILURE;
}

static ss_plugin_rc no_read(ss_plugin_table_t *t, ss_plugin_table_entry_t *e, const ss_plugin_table_field_t *f,
			    ss_plugin_state_data *out)
{
	(void)t;
	(void)e;
	(void)f;
	(void)out;
	return SS_PLUGIN_FAILURE;
}

static ss_plugin_rc no_write(ss_plugin_table_t *t, ss_plugin_table_entry_t *e, const ss_plugin_table_field_t *f,
			     const ss_plugin_state_data *in)
{
	(void)t;
	(void)e;
	(void)f;
	(void)in;
	return SS_PLUGIN_FAILURE;
}

static ss_plugin_bool no_walk(ss_plugin_table_t *t, ss_plugin_table_iterator_func_t it,
			      ss_plugin_table_iterator_state_t *s)
{
	(void)t;
	(void)it;
	(void)s;
	return 0;
}

static ss_plugin_table_entry_t *no_add(ss_plugin_table_t *t, const ss_plugin_state_data *key,
				       ss_plugin_table_entry_t *e)
{
	(void)t;
	(void)key;
	(void)e;
	return NULL;
}

static const ss_plugin_table_fieldinfo *no_fields(ss_plugin_table_t *t, uint32_t *n) { (void)t; *n = 0; return NULL; }

static ss_plugin_table_field_t *no_field(ss_plugin_table_t *t, const char *name, ss_plugin_state_type type)
{
	(void)t;
	(void)name;
	(void)type;
	return NULL;
}

static ss_plugin_t *init_provider(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	ss_plugin_table_reader_vtable_ext reader = { no_name, no_size, no_entry, no_read, no_release, no_walk };
	ss_plugin_table_writer_vtable_ext writer = { no_clear, no_erase, no_new, no_release, no_add, no_write };
	ss_plugin_table_fields_vtable_ext fields = { no_fields, no_field, no_field };
	ss_plugin_table_input table = { .name = "mine",
					.key_type = SS_PLUGIN_ST_UINT64,
					.table = &inits,
					.reader = { no_name, no_size, no_entry, no_read },
					.writer = writer,
					.fields = fields,
					.reader_ext = &reader,
					.writer_ext = &writer,
					.fields_ext = &fields };

	/* what is refused, first */
	reader.iterate_entries = NULL;
	assert_int_equal(in->tables->add_table(in->owner, &table), SS_PLUGIN_FAILURE);
	reader.iterate_entries = no_walk;
	table.reader.get_table_size = NULL;
	assert_int_equal(in->tables->add_table(in->owner, &table), SS_PLUGIN_FAILURE);
	assert_non_null(
		strstr(in->get_owner_last_error(in->owner), "the table mine lacks some of its functions, or has two"));
	table.reader.get_table_size = no_size;
	table.fields_ext = NULL;
	assert_int_equal(in->tables->add_table(in->owner, &table), SS_PLUGIN_FAILURE);
	table.fields_ext = &fields;
	table.key_type = SS_PLUGIN_ST_TABLE;
	assert_int_equal(in->tables->add_table(in->owner, &table), SS_PLUGIN_FAILURE);
	table.key_type = SS_PLUGIN_ST_UINT64;
	table.name = "threads";
	assert_int_equal(in->tables->add_table(in->owner, &table), SS_PLUGIN_FAILURE);
	table.name = "mine";
	*rc = in->tables->add_table(in->owner, &table);
	return &says;
}

static ss_plugin_t *init_user(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	inits++;
	*rc = in->tables->get_table(in->owner, wanted_table, SS_PLUGIN_ST_UINT64) ? SS_PLUGIN_SUCCESS :
										    SS_PLUGIN_FAILURE;
	return &says;
}

/* The user stands first; what is there to be found of it. */
static int start_user(const char *table, ss_plugin_t *(*provide)(const ss_plugin_init_input *in, ss_plugin_rc *rc),
		      struct error *err)
{
	struct plugin_config config = { .init_config = STR("{}") };
	plugin_api user = good_api(), provider = good_api();
	struct plugin *list[3] = { NULL };
	int r;

	wanted_table = table;
	inits = 0;
	user.init = init_user;
	provider.init = provide;
	new_world("lies", true);
	assert_int_equal(plugin_load_api(&user, &config, &list[0], NULL), 0);
	assert_int_equal(plugin_load_api(&provider, &config, &list[2], NULL), 0);
	r = plugin_host_add_all(world.host, list, ARRAY_SIZE(list), err);
	if (r == 0)
		assert_int_equal(plugin_host_count(world.host), 2);
	end_world();
	plugin_free(list[0]);
	plugin_free(list[2]);
	return r;
}

static void test_order(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(start_user("mine", init_provider, &err), 0);
	assert_int_equal(inits, 2);
	assert_int_equal(err.code, 0);
	assert_true(start_user("another", init_provider, &err) < 0);
	assert_int_equal(inits, 2); /* nobody else can help */
	assert_non_null(strstr(err.text, "liar: it refuses to start"));
	says.init = SS_PLUGIN_FAILURE; /* for another reason: at once */
	assert_true(start_user("mine", init, &err) < 0);
	assert_int_equal(inits, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_tables, reset),
		cmocka_unit_test_setup(test_order, reset),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	end_world();
	return failed;
}
