/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_PLUGIN_PLUGIN_API_H
#define MONITOR_PLUGIN_PLUGIN_API_H

#include <stdint.h>

/*
 * What plugins are built with: Falco's plugin interface, API 3.12, in binary form. A plugin is a shared
 * library that exports plugin_NAME() for members NAME of plugin_api below; those that it has decide what it
 * can do. Names, order and sizes are Falco's, so that a library built with either header works in both
 * programs. It stands alone: no other header of monitor's is needed. monitor-plugins(7) is the way in.
 *
 * Texts end with a NUL and belong to whoever returns them, at least until the same function is called again.
 */
#define PLUGIN_API_VERSION_MAJOR 3
#define PLUGIN_API_VERSION_MINOR 12
#define PLUGIN_API_VERSION_PATCH 0
#define PLUGIN_API_VERSION_STR	 "3.12.0"

#define PLUGIN_MAX_ERRLEN 1024 /* bytes of the error buffers that callbacks get */
#define PLUGIN_EVENT_PAYLOAD_OFFSET 38 /* of a plugin event's data: header, two lengths, plugin id */

#ifdef __cplusplus
extern "C" {
#endif

/* ---- values ---- */

typedef uint32_t ss_plugin_bool;

typedef enum ss_plugin_field_type {
	FTYPE_UINT64 = 8,
	FTYPE_STRING = 9,
	FTYPE_RELTIME = 20, /* ns */
	FTYPE_ABSTIME = 21, /* epoch ns */
	FTYPE_BOOL = 25, /* four bytes */
	FTYPE_IPADDR = 40, /* a byte buffer of 4 or 16 bytes in network order */
	FTYPE_IPNET = 41, /* the same, compared as a network */
} ss_plugin_field_type;

typedef enum ss_plugin_rc {
	SS_PLUGIN_SUCCESS = 0,
	SS_PLUGIN_FAILURE = 1,
	SS_PLUGIN_TIMEOUT = -1, /* next_batch: nothing now */
	SS_PLUGIN_EOF = 2, /* next_batch: nothing ever again */
	SS_PLUGIN_NOT_SUPPORTED = 3,
} ss_plugin_rc;

typedef enum ss_plugin_schema_type {
	SS_PLUGIN_SCHEMA_NONE = 0,
	SS_PLUGIN_SCHEMA_JSON = 1, /* JSON Schema: the configuration is JSON and is checked before init() */
} ss_plugin_schema_type;

typedef void ss_plugin_t; /* a plugin's own state, made by init() */
typedef void ss_instance_t; /* an opened source, made by open() */
typedef void ss_plugin_owner_t; /* the program's side; handed back in callbacks */

/* ---- events ---- */

/* Lengths of the parameters follow, then their values. len counts all of it. */
typedef struct __attribute__((packed)) ss_plugin_event {
	uint64_t ts; /* epoch ns; UINT64_MAX lets the program put the time */
	uint64_t tid; /* UINT64_MAX: none */
	uint32_t len;
	uint16_t type;
	uint32_t nparams;
} ss_plugin_event;

typedef struct ss_plugin_event_input {
	const ss_plugin_event *evt;
	uint64_t evtnum;
	const char *evtsrc; /* name of the event source */
} ss_plugin_event_input;

typedef struct ss_plugin_byte_buffer {
	uint32_t len;
	const void *ptr;
} ss_plugin_byte_buffer;

/* Where in the event the values stand, counted from its first byte; one of each for each value. */
typedef struct ss_plugin_extract_value_offsets {
	uint32_t *start;
	uint32_t *length;
} ss_plugin_extract_value_offsets;

/* A request for one field: the program fills all but res and res_len. */
typedef struct ss_plugin_extract_field {
	union {
		const char **str;
		uint64_t *u64;
		uint32_t *u32;
		ss_plugin_bool *boolean;
		ss_plugin_byte_buffer *buf;
	} res; /* an array of res_len values; one unless flist */
	uint64_t res_len; /* 0: the event has no such value */
	uint32_t field_id; /* index in get_fields() */
	const char *field;
	const char *arg_key;
	uint64_t arg_index;
	ss_plugin_bool arg_present;
	uint32_t ftype;
	ss_plugin_bool flist;
} ss_plugin_extract_field;

/* ---- state tables ---- */

typedef void ss_plugin_table_t;
typedef void ss_plugin_table_entry_t;
typedef void ss_plugin_table_field_t;
typedef void ss_plugin_table_iterator_state_t;

typedef enum ss_plugin_state_type {
	SS_PLUGIN_ST_INT8 = 1,
	SS_PLUGIN_ST_INT16 = 2,
	SS_PLUGIN_ST_INT32 = 3,
	SS_PLUGIN_ST_INT64 = 4,
	SS_PLUGIN_ST_UINT8 = 5,
	SS_PLUGIN_ST_UINT16 = 6,
	SS_PLUGIN_ST_UINT32 = 7,
	SS_PLUGIN_ST_UINT64 = 8,
	SS_PLUGIN_ST_STRING = 9,
	SS_PLUGIN_ST_TABLE = 10,
	SS_PLUGIN_ST_BOOL = 25,
} ss_plugin_state_type;

typedef union ss_plugin_state_data {
	int8_t s8;
	int16_t s16;
	int32_t s32;
	int64_t s64;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	const char *str;
	ss_plugin_bool b;
	ss_plugin_table_t *table;
} ss_plugin_state_data;

typedef struct ss_plugin_table_info {
	const char *name;
	ss_plugin_state_type key_type;
} ss_plugin_table_info;

typedef struct ss_plugin_table_fieldinfo {
	const char *name;
	ss_plugin_state_type field_type;
	ss_plugin_bool read_only;
} ss_plugin_table_fieldinfo;

/* Pointers of these are NULL and results SS_PLUGIN_FAILURE when something went wrong. */
typedef struct {
	const ss_plugin_table_fieldinfo *(*list_table_fields)(ss_plugin_table_t *t, uint32_t *nfields);
	ss_plugin_table_field_t *(*get_table_field)(ss_plugin_table_t *t, const char *name, ss_plugin_state_type type);
	ss_plugin_table_field_t *(*add_table_field)(ss_plugin_table_t *t, const char *name, ss_plugin_state_type type);
} ss_plugin_table_fields_vtable;
typedef ss_plugin_table_fields_vtable ss_plugin_table_fields_vtable_ext;

/* The form before API 3.2: entries are not released. */
typedef struct {
	const char *(*get_table_name)(ss_plugin_table_t *t);
	uint64_t (*get_table_size)(ss_plugin_table_t *t);
	ss_plugin_table_entry_t *(*get_table_entry)(ss_plugin_table_t *t, const ss_plugin_state_data *key);
	ss_plugin_rc (*read_entry_field)(ss_plugin_table_t *t, ss_plugin_table_entry_t *e,
					 const ss_plugin_table_field_t *f, ss_plugin_state_data *out);
} ss_plugin_table_reader_vtable;

/* False ends the walk. */
typedef ss_plugin_bool (*ss_plugin_table_iterator_func_t)(ss_plugin_table_iterator_state_t *s,
							  ss_plugin_table_entry_t *e);

typedef struct {
	const char *(*get_table_name)(ss_plugin_table_t *t);
	uint64_t (*get_table_size)(ss_plugin_table_t *t); /* UINT64_MAX on failure */
	ss_plugin_table_entry_t *(*get_table_entry)(ss_plugin_table_t *t, const ss_plugin_state_data *key);
	ss_plugin_rc (*read_entry_field)(ss_plugin_table_t *t, ss_plugin_table_entry_t *e,
					 const ss_plugin_table_field_t *f, ss_plugin_state_data *out);
	void (*release_table_entry)(ss_plugin_table_t *t, ss_plugin_table_entry_t *e);
	ss_plugin_bool (*iterate_entries)(ss_plugin_table_t *t, ss_plugin_table_iterator_func_t it,
					  ss_plugin_table_iterator_state_t *s);
} ss_plugin_table_reader_vtable_ext;

/* A new entry belongs to who made it until it is added; then it is released like one that was looked up. */
typedef struct {
	ss_plugin_rc (*clear_table)(ss_plugin_table_t *t);
	ss_plugin_rc (*erase_table_entry)(ss_plugin_table_t *t, const ss_plugin_state_data *key);
	ss_plugin_table_entry_t *(*create_table_entry)(ss_plugin_table_t *t);
	void (*destroy_table_entry)(ss_plugin_table_t *t, ss_plugin_table_entry_t *e);
	ss_plugin_table_entry_t *(*add_table_entry)(ss_plugin_table_t *t, const ss_plugin_state_data *key,
						    ss_plugin_table_entry_t *entry);
	ss_plugin_rc (*write_entry_field)(ss_plugin_table_t *t, ss_plugin_table_entry_t *e,
					  const ss_plugin_table_field_t *f, const ss_plugin_state_data *in);
} ss_plugin_table_writer_vtable;
typedef ss_plugin_table_writer_vtable ss_plugin_table_writer_vtable_ext;

/* A table that a plugin offers to others. */
typedef struct {
	const char *name;
	ss_plugin_state_type key_type;
	ss_plugin_table_t *table;
	ss_plugin_table_reader_vtable reader;
	ss_plugin_table_writer_vtable writer;
	ss_plugin_table_fields_vtable fields;
	ss_plugin_table_reader_vtable_ext *reader_ext;
	ss_plugin_table_writer_vtable_ext *writer_ext;
	ss_plugin_table_fields_vtable_ext *fields_ext;
} ss_plugin_table_input;

typedef struct {
	ss_plugin_table_info *(*list_tables)(ss_plugin_owner_t *o, uint32_t *ntables);
	ss_plugin_table_t *(*get_table)(ss_plugin_owner_t *o, const char *name, ss_plugin_state_type key_type);
	ss_plugin_rc (*add_table)(ss_plugin_owner_t *o, const ss_plugin_table_input *in);
	ss_plugin_table_fields_vtable fields;
	ss_plugin_table_fields_vtable_ext *fields_ext;
	ss_plugin_table_reader_vtable_ext *reader_ext;
	ss_plugin_table_writer_vtable_ext *writer_ext;
} ss_plugin_init_tables_input;

/* ---- what functions get ---- */

typedef enum ss_plugin_log_severity {
	SS_PLUGIN_LOG_SEV_FATAL = 1,
	SS_PLUGIN_LOG_SEV_CRITICAL = 2,
	SS_PLUGIN_LOG_SEV_ERROR = 3,
	SS_PLUGIN_LOG_SEV_WARNING = 4,
	SS_PLUGIN_LOG_SEV_NOTICE = 5,
	SS_PLUGIN_LOG_SEV_INFO = 6,
	SS_PLUGIN_LOG_SEV_DEBUG = 7,
	SS_PLUGIN_LOG_SEV_TRACE = 8,
} ss_plugin_log_severity;

/* May be called from any thread. */
typedef void (*ss_plugin_log_fn_t)(ss_plugin_owner_t *o, const char *component, const char *msg,
				   ss_plugin_log_severity sev);

typedef struct ss_plugin_init_input {
	const char *config;
	ss_plugin_owner_t *owner;
	const char *(*get_owner_last_error)(ss_plugin_owner_t *o);
	const ss_plugin_init_tables_input *tables; /* NULL unless the plugin extracts, parses or listens */
	ss_plugin_log_fn_t log_fn;
} ss_plugin_init_input;

typedef struct ss_plugin_field_extract_input {
	ss_plugin_owner_t *owner;
	const char *(*get_owner_last_error)(ss_plugin_owner_t *o);
	uint32_t num_fields;
	ss_plugin_extract_field *fields;
	ss_plugin_table_reader_vtable table_reader;
	ss_plugin_table_reader_vtable_ext *table_reader_ext;
	ss_plugin_extract_value_offsets *value_offsets; /* NULL: nobody asks for them */
} ss_plugin_field_extract_input;

typedef struct ss_plugin_event_parse_input {
	ss_plugin_owner_t *owner;
	const char *(*get_owner_last_error)(ss_plugin_owner_t *o);
	ss_plugin_table_reader_vtable table_reader;
	ss_plugin_table_writer_vtable table_writer;
	ss_plugin_table_reader_vtable_ext *table_reader_ext;
	ss_plugin_table_writer_vtable_ext *table_writer_ext;
} ss_plugin_event_parse_input;

typedef struct ss_plugin_set_config_input {
	const char *config;
} ss_plugin_set_config_input;

typedef void ss_plugin_routine_t;
typedef void ss_plugin_routine_state_t;
/* Called again and again on a thread of the program's until it returns false. */
typedef ss_plugin_bool (*ss_plugin_routine_fn_t)(ss_plugin_t *s, ss_plugin_routine_state_t *i);

typedef struct {
	ss_plugin_routine_t *(*subscribe)(ss_plugin_owner_t *o, ss_plugin_routine_fn_t f, ss_plugin_routine_state_t *i);
	ss_plugin_rc (*unsubscribe)(ss_plugin_owner_t *o, ss_plugin_routine_t *r);
} ss_plugin_routine_vtable;

typedef struct ss_plugin_capture_listen_input {
	ss_plugin_owner_t *owner;
	ss_plugin_routine_vtable *routine;
	ss_plugin_table_reader_vtable_ext *table_reader_ext;
	ss_plugin_table_writer_vtable_ext *table_writer_ext;
	const char *(*get_owner_last_error)(ss_plugin_owner_t *o);
} ss_plugin_capture_listen_input;

/* err: PLUGIN_MAX_ERRLEN bytes or NULL. May be called from any thread. */
typedef ss_plugin_rc (*ss_plugin_async_event_handler_t)(ss_plugin_owner_t *o, const ss_plugin_event *evt, char *err);

/* ---- metrics ---- */

typedef enum ss_plugin_metric_value_type {
	SS_PLUGIN_METRIC_VALUE_TYPE_U32 = 0,
	SS_PLUGIN_METRIC_VALUE_TYPE_S32 = 1,
	SS_PLUGIN_METRIC_VALUE_TYPE_U64 = 2,
	SS_PLUGIN_METRIC_VALUE_TYPE_S64 = 3,
	SS_PLUGIN_METRIC_VALUE_TYPE_D = 4,
	SS_PLUGIN_METRIC_VALUE_TYPE_F = 5,
	SS_PLUGIN_METRIC_VALUE_TYPE_I = 6,
} ss_plugin_metric_value_type;

typedef union ss_plugin_metric_value {
	uint32_t u32;
	int32_t s32;
	uint64_t u64;
	int64_t s64;
	double d;
	float f;
	int i;
} ss_plugin_metric_value;

typedef enum ss_plugin_metric_type {
	SS_PLUGIN_METRIC_TYPE_MONOTONIC = 0,
	SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC = 1,
} ss_plugin_metric_type;

typedef struct ss_plugin_metric {
	const char *name;
	ss_plugin_metric_type type;
	ss_plugin_metric_value value;
	ss_plugin_metric_value_type value_type;
} ss_plugin_metric;

/* ---- the functions ---- */

typedef struct {
	/* every plugin; "MAJOR.MINOR.PATCH" */
	const char *(*get_required_api_version)(void);
	const char *(*get_init_schema)(ss_plugin_schema_type *schema_type); /* optional */
	ss_plugin_t *(*init)(const ss_plugin_init_input *input, ss_plugin_rc *rc);
	void (*destroy)(ss_plugin_t *s);
	const char *(*get_last_error)(ss_plugin_t *s);
	const char *(*get_name)(void);
	const char *(*get_description)(void);
	const char *(*get_contact)(void);
	const char *(*get_version)(void);

	/* event sources: both of the first two or neither; then open, close, next_batch */
	struct {
		uint32_t (*get_id)(void);
		const char *(*get_event_source)(void);
		ss_instance_t *(*open)(ss_plugin_t *s, const char *params, ss_plugin_rc *rc);
		void (*close)(ss_plugin_t *s, ss_instance_t *h);
		const char *(*list_open_params)(ss_plugin_t *s, ss_plugin_rc *rc); /* optional; JSON */
		/* optional; of 10000 */
		const char *(*get_progress)(ss_plugin_t *s, ss_instance_t *h, uint32_t *progress_pct);
		const char *(*event_to_string)(ss_plugin_t *s, const ss_plugin_event_input *evt); /* optional */
		/* events belong to the plugin until the next call on this instance */
		ss_plugin_rc (*next_batch)(ss_plugin_t *s, ss_instance_t *h, uint32_t *nevts, ss_plugin_event ***evts);
	};

	/* fields; the first two optional, sources and fields are JSON */
	struct {
		uint16_t *(*get_extract_event_types)(uint32_t *numtypes, ss_plugin_t *s);
		const char *(*get_extract_event_sources)(void);
		const char *(*get_fields)(void);
		ss_plugin_rc (*extract_fields)(ss_plugin_t *s, const ss_plugin_event_input *evt,
					       const ss_plugin_field_extract_input *in);
	};

	/* parsing: a look at each event before any field is extracted from it */
	struct {
		uint16_t *(*get_parse_event_types)(uint32_t *numtypes, ss_plugin_t *s);
		const char *(*get_parse_event_sources)(void);
		ss_plugin_rc (*parse_event)(ss_plugin_t *s, const ss_plugin_event_input *evt,
					    const ss_plugin_event_parse_input *in);
	};

	/* events of its own in a stream of others'; a NULL handler asks it to stop */
	struct {
		const char *(*get_async_event_sources)(void);
		const char *(*get_async_events)(void);
		ss_plugin_rc (*set_async_event_handler)(ss_plugin_t *s, ss_plugin_owner_t *owner,
							const ss_plugin_async_event_handler_t handler);
		ss_plugin_rc (*dump_state)(ss_plugin_t *s, ss_plugin_owner_t *owner,
					   const ss_plugin_async_event_handler_t handler); /* since 3.10 */
	};

	ss_plugin_rc (*set_config)(ss_plugin_t *s, const ss_plugin_set_config_input *i);
	ss_plugin_metric *(*get_metrics)(ss_plugin_t *s, uint32_t *num_metrics);

	/* a source was opened, and is about to be closed */
	struct {
		ss_plugin_rc (*capture_open)(ss_plugin_t *s, const ss_plugin_capture_listen_input *i);
		ss_plugin_rc (*capture_close)(ss_plugin_t *s, const ss_plugin_capture_listen_input *i);
	};

	/* the least version of the event tables that it can work with */
	const char *(*get_required_event_schema_version)(ss_plugin_t *s);
} plugin_api;

#ifdef __cplusplus
}
#endif

#endif
