/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_EXTRACT_H
#define MONITOR_FIELD_EXTRACT_H

#include "field/field.h"

/*
 * What fields.def is made of: the catalogue row, the extractors, the constants that make one extractor serve several
 * fields, and the few lines that all extractors share. Only for field/.
 */
typedef enum presence (*extract_fn)(const struct field_ref *f, struct field_context *ctx, struct values *ret);

struct field_info {
	struct str name;
	const char *class;
	enum param_type type;
	enum print_format format;
	unsigned int flags; /* FIELD_* */
	facts_t reads;
	extract_fn extract;
	int variant;
	const char *help;
	const struct foreign_field *foreign; /* NULL for rows of fields.def */
};

/* field_evt.c */
enum { EVT_NUM, EVT_CPU, EVT_ONE, EVT_EXIT, EVT_PROCINFO, EVT_PROCINFO_MAIN };
enum {
	EVT_LATENCY_HUMAN,
	EVT_SOURCE,
	EVT_ASYNC_NAME,
	EVT_HOSTNAME,
	EVT_DIR,
	EVT_TYPE,
	EVT_SYSCALL,
	EVT_CATEGORY,
	EVT_IO_DIR,
};
enum { EVT_IS_ASYNC, EVT_IS_IO, EVT_IS_IO_READ, EVT_IS_IO_WRITE, EVT_IS_WAIT, EVT_IS_SYSLOG };
enum { INFRA_EVENT, INFRA_ID, INFRA_NAME, INFRA_IMAGE };
/* field_evt_io.c */
enum {
	BUFLEN_IN = 1 << 0,
	BUFLEN_OUT = 1 << 1,
	BUFLEN_OTHER = 1 << 2,
	BUFLEN_ANY = 1 << 3,
	BUFLEN_FILE = 1 << 4,
	BUFLEN_NET = 1 << 5,
};
enum { RESULT_TEXT, RESULT_NUMBER, RESULT_FAILED, RESULT_ERRORS };
enum { ERRORS_FILE, ERRORS_NET, ERRORS_MEMORY, ERRORS_OTHER };
enum { OPEN_READ, OPEN_WRITE, OPEN_EXEC, OPEN_CREATE };
/* field_time.c */
enum { TIME_CLOCK, TIME_CLOCK_S, TIME_ISO, TIME_DATE, TIME_DATE_S };
enum {
	TIME_RAW,
	TIME_RAW_S,
	TIME_RAW_NS,
	TIME_REL,
	TIME_REL_S,
	TIME_REL_NS,
	TIME_DELTA,
	TIME_DELTA_S,
	TIME_DELTA_NS,
	TIME_ZERO,
};
/* field_proc.c, field_proc_ancestor.c */
enum { TEXT_COMM, TEXT_EXE, TEXT_EXEPATH, TEXT_ARGS, TEXT_CMDLINE, TEXT_EXELINE, TEXT_MASK = 15 };
enum { GROUP_SID = 1 << 4, GROUP_VPGID = 2 << 4, GROUP_PGID = 3 << 4, GROUP_MASK = 3 << 4 };
enum { ARGS_NUMBER, ARGS_LENGTH };
enum { PARENT_PID, PARENT_VPID };
enum { CLOCK_DURATION, CLOCK_PARENT_DURATION, CLOCK_START, CLOCK_PARENT_START, CLOCK_PIDNS_DURATION };
enum { FDS_COUNT, FDS_LIMIT, FDS_USAGE };
/* field_thread.c */
enum { COUNT_ALL, COUNT_OTHERS };
enum { CPU_USER = 1, CPU_SYSTEM = 2 };
/* field_user.c */
enum {
	USER_UID,
	USER_NAME,
	USER_HOME,
	USER_SHELL,
	USER_LOGINUID,
	USER_LOGINNAME,
	GROUP_GID,
	GROUP_NAME,
};
/* field_fd.c */
enum { FDNAME_NAME, FDNAME_DIRECTORY, FDNAME_FILE, FDNAME_WHAT = 3, FDNAME_CONTAINER = 1 << 2 };
enum { FDFLAG_SERVER, FDFLAG_CONNECTED, FDFLAG_NAME_CHANGED, FDFLAG_UPPER, FDFLAG_LOWER };
enum { FDNUM_DEV, FDNUM_MAJOR, FDNUM_MINOR, FDNUM_INO };
enum { END_CLIENT, END_SERVER, END_LOCAL, END_REMOTE, END_BOTH };
/* field_fspath.c */
enum { PATH_NAME, PATH_SOURCE, PATH_TARGET, PATH_WHAT = 3, PATH_RAW = 1 << 2 };
/* field_fdlist.c */
enum {
	FDLIST_NUMBERS,
	FDLIST_NAMES,
	FDLIST_CLIENT_IPS,
	FDLIST_SERVER_IPS,
	FDLIST_CLIENT_PORTS,
	FDLIST_SERVER_PORTS,
};
/* field_container.c */
enum {
	KEY_FULL_ID,
	KEY_NAME,
	KEY_IMAGE,
	KEY_IMAGE_ID,
	KEY_REPOSITORY,
	KEY_TAG,
	KEY_DIGEST,
	KEY_IP,
	KEY_CNI,
	KEY_PRIVILEGED,
	KEY_HOST_PID,
	KEY_HOST_NETWORK,
	KEY_HOST_IPC,
};
enum { MOUNT_ALL, MOUNT_SOURCE, MOUNT_DEST, MOUNT_MODE, MOUNT_RDWR, MOUNT_PROPAGATION };
enum { POD_NAME, POD_NAMESPACE, POD_UID };
enum { SANDBOX_SHORT, SANDBOX_FULL };

#define EXTRACTOR(name) \
	enum presence field_##name(const struct field_ref *f, struct field_context *ctx, struct values *ret)

EXTRACTOR(foreign); /* field_foreign.c */
EXTRACTOR(no_value); /* field.c: fields that never have one */
EXTRACTOR(static_value);
EXTRACTOR(util_count);
EXTRACTOR(evt_number); /* field_evt.c */
EXTRACTOR(evt_maker);
EXTRACTOR(evt_text);
EXTRACTOR(evt_flag);
EXTRACTOR(evt_type_is);
EXTRACTOR(evt_around);
EXTRACTOR(evt_infra);
EXTRACTOR(evt_buflen); /* field_evt_io.c */
EXTRACTOR(evt_result);
EXTRACTOR(evt_error_class);
EXTRACTOR(evt_is_open);
EXTRACTOR(evt_abspath);
EXTRACTOR(evt_arg); /* field_evt_arg.c */
EXTRACTOR(evt_args);
EXTRACTOR(evt_rawarg);
EXTRACTOR(evt_buffer);
EXTRACTOR(time_text); /* field_time.c */
EXTRACTOR(time_number);
EXTRACTOR(proc_text); /* field_proc.c */
EXTRACTOR(proc_line);
EXTRACTOR(proc_args);
EXTRACTOR(proc_args_count);
EXTRACTOR(proc_cwd);
EXTRACTOR(proc_env);
EXTRACTOR(proc_flag);
EXTRACTOR(proc_i64);
EXTRACTOR(proc_id);
EXTRACTOR(proc_u32);
EXTRACTOR(proc_u64);
EXTRACTOR(proc_u64_set);
EXTRACTOR(proc_memory);
EXTRACTOR(proc_leads);
EXTRACTOR(proc_time);
EXTRACTOR(proc_fds);
EXTRACTOR(proc_std_type);
EXTRACTOR(proc_std_name);
EXTRACTOR(proc_parent_text); /* field_proc_ancestor.c */
EXTRACTOR(proc_parent_id);
EXTRACTOR(proc_ancestor_text);
EXTRACTOR(proc_ancestor_id);
EXTRACTOR(proc_ancestor_env);
EXTRACTOR(proc_group_text);
EXTRACTOR(proc_login_shell);
EXTRACTOR(proc_tree); /* field_proc_tree.c */
EXTRACTOR(fd_realpath); /* field_ext.c */
EXTRACTOR(evt_raced);
EXTRACTOR(evt_ip_region);
EXTRACTOR(thread_ustack);
EXTRACTOR(proc_full_args);
EXTRACTOR(proc_drift);
EXTRACTOR(thread_caps);
EXTRACTOR(thread_cpu); /* field_thread.c */
EXTRACTOR(thread_cgroup);
EXTRACTOR(thread_cgroups);
EXTRACTOR(thread_exectime);
EXTRACTOR(thread_is_main);
EXTRACTOR(thread_memory);
EXTRACTOR(thread_memory_bytes);
EXTRACTOR(thread_name_tid);
EXTRACTOR(thread_number);
EXTRACTOR(thread_tid);
EXTRACTOR(user_number); /* field_user.c */
EXTRACTOR(user_text);
EXTRACTOR(fd_num); /* field_fd.c */
EXTRACTOR(fd_uid);
EXTRACTOR(fd_type);
EXTRACTOR(fd_typechar);
EXTRACTOR(fd_types);
EXTRACTOR(fd_name);
EXTRACTOR(fd_name_raw);
EXTRACTOR(fd_flag);
EXTRACTOR(fd_number);
EXTRACTOR(fd_end_ip); /* field_fd_socket.c */
EXTRACTOR(fd_end_port);
EXTRACTOR(fd_end_proto);
EXTRACTOR(fd_end_host);
EXTRACTOR(fd_l4proto);
EXTRACTOR(fd_sockfamily);
EXTRACTOR(fspath); /* field_fspath.c */
EXTRACTOR(fdlist); /* field_fdlist.c */
EXTRACTOR(container_id); /* field_container.c */
EXTRACTOR(container_text);
EXTRACTOR(container_flag);
EXTRACTOR(container_type);
EXTRACTOR(container_mounts); /* field_container_mount.c */
EXTRACTOR(container_mount);
EXTRACTOR(container_label);
EXTRACTOR(container_labels);
EXTRACTOR(pod_text);
EXTRACTOR(pod_sandbox);
EXTRACTOR(pod_label);
EXTRACTOR(pod_labels);
EXTRACTOR(pod_network);

/* ---- what extractors return ---------------------------------------------------------------------------- */

/*
 * Memory that runs short makes a value absent: the arena has no better word, and its owner sees it at the
 * next reset.
 */
static inline enum presence extract_one(struct field_context *ctx, struct values *ret, const struct value *v)
{
	struct value *slot = arena_take(ctx->arena, sizeof(*slot)); /* written whole */

	if (!slot)
		return ABSENT;
	*slot = *v;
	*ret = (struct values){ slot, 1 };
	return PRESENT;
}

static inline enum presence extract_text(struct field_context *ctx, struct values *ret, struct str s)
{
	return extract_one(ctx, ret, &(struct value){ .s = s });
}

static inline enum presence extract_cstr(struct field_context *ctx, struct values *ret, const char *s)
{
	return extract_text(ctx, ret, str_of(s));
}

static inline enum presence extract_rstr(struct field_context *ctx, struct values *ret, const struct rstr *s)
{
	return extract_text(ctx, ret, rstr_str(s));
}

static inline enum presence extract_uint(struct field_context *ctx, struct values *ret, uint64_t u)
{
	return extract_one(ctx, ret, &(struct value){ .u = u });
}

static inline enum presence extract_int(struct field_context *ctx, struct values *ret, int64_t i)
{
	return extract_one(ctx, ret, &(struct value){ .i = i });
}

static inline enum presence extract_double(struct field_context *ctx, struct values *ret, double d)
{
	return extract_one(ctx, ret, &(struct value){ .d = d });
}

static inline enum presence extract_bool(struct field_context *ctx, struct values *ret, bool b)
{
	return extract_one(ctx, ret, &(struct value){ .b = b });
}

/* What was built in ctx->scratch. */
static inline enum presence extract_scratch(struct field_context *ctx, struct values *ret)
{
	struct str s = arena_str(ctx->arena, strbuf_str(&ctx->scratch));

	return s.ptr && !ctx->scratch.failed ? extract_text(ctx, ret, s) : ABSENT;
}

/* ---- what may be missing ------------------------------------------------------------------------------- */

/* Asks the source: the value is unknown until it has answered. Absent when it can not be asked. */
static inline enum presence extract_need(struct field_context *ctx, enum need_kind kind, int64_t fd)
{
	if (!ctx->needs)
		return ABSENT;
	needs_add(ctx->needs, kind, ctx->ev->tid, fd);
	return UNKNOWN;
}

/* For an extractor that found ctx->subject.thread to be NULL. */
static inline enum presence extract_no_thread(struct field_context *ctx)
{
	return ctx->subject.thread_unknown ? extract_need(ctx, NEED_THREAD, -1) : ABSENT;
}

/* A parameter of a provisional event that only its result will tell. */
static inline bool extract_param_unknown(const struct field_context *ctx, unsigned int i)
{
	return ctx->ev->provisional && event_param_unknown(ctx->ev, i);
}

/* The event returns something in its first parameter, as Falco defines it. */
static inline bool extract_has_result(const struct event *ev)
{
	return ev->type != EV_GENERIC_X && (ev->info->category & EC_SYSCALL) && !event_type_is_enter(ev->type) &&
	       ev->nparams > 0;
}

static inline struct str extract_container(const struct thread *t)
{
	return rstr_str(t->container_id);
}

/*
 * Outputs print evt.rawarg by the type that the parameter has in this very event: sets it in a copy of the
 * reference.
 */
void field_evt_rawarg_type(struct field_ref *f, const struct event *ev);
/* The type that such a copy has cannot be shown: Falco stops at the first alert with it. json: in output_fields. */
bool field_evt_rawarg_unshowable(const struct field_ref *f, bool json);

/* ---- shared texts (field_proc.c) ----------------------------------------------------------------------- */

/* One of TEXT_*: borrowed from the thread, or built in the arena. .ptr is NULL when memory is short. */
struct str field_proc_thread_text(struct arena *arena, const struct thread *t, int what);
/* The environment joined by blanks, or one variable's value; empty when there is none. */
struct str field_proc_environment(struct arena *arena, struct thread *t, struct str name);

#endif
