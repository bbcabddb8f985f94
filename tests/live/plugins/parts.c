/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin for tests that does all that a plugin can do to the events of others: parts.sh builds and runs it.
 * It counts the events of each thread in a field that it adds to the table of threads, keeps a table of its
 * own, sends an event from a thread of its own, and listens.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/plugin_api.h"

#define EXPORT __attribute__((visibility("default")))
#define ASYNC_EVENT 402

struct parts {
	char error[256];
	ss_plugin_table_t *threads;
	ss_plugin_table_field_t *seen, *comm, *fds, *fd_name;
	uint64_t number;
	const char *text;
	char kept[256];
	ss_plugin_owner_t *owner;
	ss_plugin_log_fn_t log;
	_Atomic unsigned int rounds;
	ss_plugin_async_event_handler_t handler;
	ss_plugin_owner_t *handler_owner;
	pthread_t thread;
	sem_t sent;
};

EXPORT const char *plugin_get_required_api_version(void) { return "3.0.0"; }
EXPORT const char *plugin_get_name(void) { return "parts"; }
EXPORT const char *plugin_get_version(void) { return "1.0.0"; }
EXPORT const char *plugin_get_description(void) { return "all that a plugin can do to others' events"; }
EXPORT const char *plugin_get_contact(void) { return "the tests"; }
EXPORT const char *plugin_get_parse_event_sources(void) { return "[\"syscall\"]"; }
EXPORT const char *plugin_get_extract_event_sources(void) { return "[\"syscall\"]"; }
EXPORT const char *plugin_get_async_event_sources(void) { return "[]"; }
EXPORT const char *plugin_get_async_events(void) { return "[\"part\"]"; }

EXPORT const char *plugin_get_fields(void)
{
	return "[{\"name\":\"parts.seen\",\"type\":\"uint64\",\"desc\":\"events of the thread so far\"},"
	       "{\"name\":\"parts.comm\",\"type\":\"string\",\"desc\":\"its name by the table\"},"
	       "{\"name\":\"parts.fd0\",\"type\":\"string\",\"desc\":\"name of its lowest descriptor\"}]";
}

EXPORT const char *plugin_get_last_error(ss_plugin_t *s)
{
	return ((struct parts *)s)->error;
}

static ss_plugin_bool first_fd(ss_plugin_table_iterator_state_t *s, ss_plugin_table_entry_t *e)
{
	*(ss_plugin_table_entry_t **)s = e;
	return 1;
}

EXPORT ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	struct parts *p = calloc(1, sizeof(*p));
	const ss_plugin_init_tables_input *t = in->tables;
	ss_plugin_state_data fds = { 0 };
	ss_plugin_table_entry_t *e;

	*rc = SS_PLUGIN_FAILURE;
	if (!p)
		return NULL;
	p->owner = in->owner;
	p->log = in->log_fn;
	p->threads = t->get_table(in->owner, "threads", SS_PLUGIN_ST_INT64);
	p->seen = p->threads ? t->fields_ext->add_table_field(p->threads, "seen", SS_PLUGIN_ST_UINT64) : NULL;
	p->comm = p->threads ? t->fields_ext->get_table_field(p->threads, "comm", SS_PLUGIN_ST_STRING) : NULL;
	p->fds = p->threads ? t->fields_ext->get_table_field(p->threads, "file_descriptors", SS_PLUGIN_ST_TABLE) : NULL;
	e = p->fds ? t->writer_ext->create_table_entry(p->threads) : NULL;
	if (e && t->reader_ext->read_entry_field(p->threads, e, p->fds, &fds) == SS_PLUGIN_SUCCESS)
		p->fd_name = t->fields_ext->get_table_field(fds.table, "name", SS_PLUGIN_ST_STRING);
	if (e)
		t->writer_ext->destroy_table_entry(p->threads, e);
	if (!p->seen || !p->comm || !p->fd_name)
		snprintf(p->error, sizeof(p->error), "a field is missing: %s", in->get_owner_last_error(in->owner));
	else if (t->get_table(in->owner, "threads", SS_PLUGIN_ST_UINT8) ||
		 t->get_table(in->owner, "nothing", SS_PLUGIN_ST_INT64))
		snprintf(p->error, sizeof(p->error), "there are tables that should not be");
	else
		*rc = SS_PLUGIN_SUCCESS;
	return p;
}

EXPORT void plugin_destroy(ss_plugin_t *s)
{
	free(s);
}

EXPORT ss_plugin_rc plugin_parse_event(ss_plugin_t *s, const ss_plugin_event_input *ev,
				       const ss_plugin_event_parse_input *in)
{
	struct parts *p = s;
	ss_plugin_state_data key = { .s64 = (int64_t)ev->evt->tid }, value;
	ss_plugin_table_entry_t *e = in->table_reader_ext->get_table_entry(p->threads, &key);
	ss_plugin_rc rc;

	if (!e)
		return SS_PLUGIN_FAILURE;
	rc = in->table_reader_ext->read_entry_field(p->threads, e, p->seen, &value);
	value.u64++;
	if (rc == SS_PLUGIN_SUCCESS)
		rc = in->table_writer_ext->write_entry_field(p->threads, e, p->seen, &value);
	in->table_reader_ext->release_table_entry(p->threads, e);
	return rc;
}

static void lowest_fd(struct parts *p, const ss_plugin_field_extract_input *in, ss_plugin_table_entry_t *e)
{
	ss_plugin_state_data fds, name, key = { .s64 = 0 };
	ss_plugin_table_entry_t *last = NULL, *fd;

	p->text = "";
	if (in->table_reader_ext->read_entry_field(p->threads, e, p->fds, &fds) != SS_PLUGIN_SUCCESS)
		return;
	in->table_reader_ext->iterate_entries(fds.table, first_fd, &last);
	for (key.s64 = 0; last && key.s64 < 16; key.s64++) {
		fd = in->table_reader_ext->get_table_entry(fds.table, &key);
		if (fd &&
		    in->table_reader_ext->read_entry_field(fds.table, fd, p->fd_name, &name) == SS_PLUGIN_SUCCESS) {
			snprintf(p->kept, sizeof(p->kept), "%s", name.str);
			p->text = p->kept;
		}
		if (fd)
			in->table_reader_ext->release_table_entry(fds.table, fd);
		if (*p->text)
			return;
	}
}

EXPORT ss_plugin_rc plugin_extract_fields(ss_plugin_t *s, const ss_plugin_event_input *ev,
					  const ss_plugin_field_extract_input *in)
{
	struct parts *p = s;
	ss_plugin_state_data key = { .s64 = (int64_t)ev->evt->tid }, value = { 0 };
	ss_plugin_table_entry_t *e = in->table_reader_ext->get_table_entry(p->threads, &key);
	ss_plugin_extract_field *f = in->fields;

	if (!e)
		return SS_PLUGIN_FAILURE;
	f->res_len = 1;
	if (f->field_id == 0) {
		in->table_reader_ext->read_entry_field(p->threads, e, p->seen, &value);
		p->number = value.u64;
		f->res.u64 = &p->number;
	} else {
		if (f->field_id == 1) {
			in->table_reader_ext->read_entry_field(p->threads, e, p->comm, &value);
			p->text = value.str; /* it lives until we return and is taken then */
		} else {
			lowest_fd(p, in, e);
		}
		f->res.str = &p->text;
	}
	in->table_reader_ext->release_table_entry(p->threads, e);
	return SS_PLUGIN_SUCCESS;
}

/* ---- events of its own ---- */

static void *send(void *context)
{
	struct parts *p = context;
	struct __attribute__((packed)) {
		ss_plugin_event header;
		uint32_t lengths[3], id;
		char name[5], data[6];
	} event = { { UINT64_MAX, UINT64_MAX, sizeof(event), ASYNC_EVENT, 3 }, { 4, 5, 6 }, 0, "part", "hello" };
	char why[PLUGIN_MAX_ERRLEN] = "";

	p->handler(p->handler_owner, &event.header, why);
	memcpy(event.name, "trap", 5); /* it was not announced */
	if (p->handler(p->handler_owner, &event.header, why) != SS_PLUGIN_SUCCESS)
		p->log(p->owner, NULL, why, SS_PLUGIN_LOG_SEV_WARNING);
	sem_post(&p->sent);
	return NULL;
}

EXPORT ss_plugin_rc plugin_set_async_event_handler(ss_plugin_t *s, ss_plugin_owner_t *owner,
						   const ss_plugin_async_event_handler_t handler)
{
	struct parts *p = s;

	if (!handler && p->handler)
		pthread_join(p->thread, NULL);
	p->handler = handler;
	p->handler_owner = owner;
	if (!handler)
		return SS_PLUGIN_SUCCESS;
	sem_init(&p->sent, 0, 0);
	if (pthread_create(&p->thread, NULL, send, p) != 0)
		return SS_PLUGIN_FAILURE;
	sem_wait(&p->sent); /* before the first event of the source, however few there are */
	return SS_PLUGIN_SUCCESS;
}

/* ---- figures ---- */

EXPORT ss_plugin_metric *plugin_get_metrics(ss_plugin_t *s, uint32_t *n)
{
	static ss_plugin_metric list[] = {
		{ "rounds_total", SS_PLUGIN_METRIC_TYPE_MONOTONIC, { .u64 = 18446744073709551615u },
		  SS_PLUGIN_METRIC_VALUE_TYPE_U64 },
		{ "below.zero", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, { .s32 = -3 }, SS_PLUGIN_METRIC_VALUE_TYPE_S32 },
		{ "half", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, { .d = 0.5 }, SS_PLUGIN_METRIC_VALUE_TYPE_D },
		{ "nothing", SS_PLUGIN_METRIC_TYPE_MONOTONIC, { .u32 = 0 }, SS_PLUGIN_METRIC_VALUE_TYPE_U32 },
	};

	(void)s;
	*n = 4;
	return list;
}

/* ---- listening ---- */

static ss_plugin_bool turn(ss_plugin_t *s, ss_plugin_routine_state_t *state)
{
	struct parts *p = s;

	(void)state;
	return atomic_fetch_add(&p->rounds, 1) < 4;
}

EXPORT ss_plugin_rc plugin_capture_open(ss_plugin_t *s, const ss_plugin_capture_listen_input *in)
{
	return in->routine->subscribe(in->owner, turn, s) ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
}

EXPORT ss_plugin_rc plugin_capture_close(ss_plugin_t *s, const ss_plugin_capture_listen_input *in)
{
	struct parts *p = s;
	char text[64];

	(void)in;
	snprintf(text, sizeof(text), "closing, the routine ran: %s", atomic_load(&p->rounds) ? "yes" : "no");
	p->log(p->owner, NULL, text, SS_PLUGIN_LOG_SEV_WARNING);
	return SS_PLUGIN_SUCCESS;
}
