/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_STATE_H
#define MONITOR_STATE_STATE_H

#include "base/cleanup.h"
#include "base/error.h"
#include "event/event.h"
#include "event/record.h"
#include "state/fd.h"
#include "state/thread.h"

/*
 * Who, what and where: threads with their lineage, descriptors, users and groups, containers. Fed by events alone; it
 * never reads the host, so a replay sees what the live run saw. Order per event: state_apply() (births, updates) →
 * rules → state_settle() (deaths). Everything it hands out is borrowed until the next apply or settle.
 */
struct state;

struct state_stats {
	uint64_t threads_added, threads_removed, threads_dropped; /* dropped: table full */
	uint64_t fds_added, fds_removed, fds_dropped;
	uint64_t thread_lookups_failed, fd_lookups_failed;
	size_t threads, fds;
};

/* What the source promises: the same bits as in source.h, which this layer may not include. */
enum state_trait {
	STATE_FDS_REPORTED = 1 << 1, /* a descriptor that is not in the table does not exist */
	STATE_THREADS_REPORTED = 1 << 2, /* a thread that is not in the table cannot be asked for */
	STATE_LEAVES_IDS = 1 << 3, /* -1 as a new user or group leaves the old one */
};

struct state_options {
	unsigned int traits; /* SOURCE_*; other bits are ignored */
	size_t max_threads; /* 0 = STATE_THREADS */
	bool container_plugin; /* container.* fields are wanted: derive ids from cgroups */
};

struct state *state_new(const struct state_options *options); /* NULL when memory is short */
void state_free(struct state *s); /* accepts NULL */
/* Before the first event: a source that is known only after the state. */
void state_set_traits(struct state *s, unsigned int traits);
/*
 * The container whose users and groups the host's are, too, until it has some of its own, and whose addresses the
 * machine's are; empty: none. 0 or -ENOMEM.
 */
int state_share_host(struct state *s, struct str container_id);
bool state_is_ours(const struct state *s, struct str container_id); /* that one */
DEFINE_AUTO(struct state, state, state_free);
#define auto_state AUTO(state)

/*
 * What the event is about, found by state_apply() once and used by every field. thread is NULL when the event has none
 * (or it is not known); fd is NULL when the event uses no descriptor or it is not in the table.
 */
struct subject {
	struct thread *thread;
	struct fd *fd;
	int64_t fd_number; /* the descriptor that the event uses or made, -1 = none */
	bool fd_by_number; /* fd is what the thread's last number stands for: the event neither made nor used it */
	bool fd_unknown; /* fd is NULL although the descriptor may exist: ask NEED_FD */
	bool thread_unknown; /* likewise NEED_THREAD */
	bool cwd_unknown; /* a relative path of this event could not be resolved: ask NEED_CWD */
};

/*
 * Answers to needs (ITER_TASK* events) may be applied between another event's apply or preview and its settle: they
 * settle nothing, and leave what that one's subject points to.
 *
 * Applies a complete event: births and updates. Metadata of captures (process lists, fd lists, users,
 * machine) comes through state_add_process() and kin below. Never fails for bad content: what makes no sense
 * is counted and ignored. -ENOMEM otherwise.
 */
int state_apply(struct state *s, const struct event *ev, struct subject *ret_subject);

/*
 * The same view for a provisional event, without changing anything. For calls whose effect the entry parameters
 * already tell (open family, connect) subject.fd is a scratch object with what is derivable; its number is unknown.
 */
int state_preview(struct state *s, const struct event *ev, struct subject *ret_subject);

/* After the rules: deaths of this event (close, procexit) take effect, scratch objects die. */
void state_settle(struct state *s, const struct event *ev);

/* Whether parameters of that type of event change the state, beside telling which thread and descriptor it is about. */
bool state_reads_type(const struct state *s, uint16_t type);

/* ---- looking up ---------------------------------------------------------------------------------------- */

struct thread *state_thread(struct state *s, int64_t tid); /* NULL when not known */
/*
 * Whether descriptors that t's table lacks may exist, as far as the call at hand knows: the source does not report
 * them, and has not been asked for all of them (NEED_FDS).
 */
bool state_fds_missing(const struct state *s, const struct thread *t);
/* NEED_FDS was answered for tid: what its table lacks does not exist, until another call is looked at. 0 or -ENOMEM. */
int state_fds_told(struct state *s, int64_t tid);
/* Parent process (n = 1), grandparent (n = 2) …; 0 is the thread's own process. NULL past the end. Chains may loop:
 * walks stop after STATE_ANCESTORS steps. */
struct thread *state_ancestor(struct state *s, struct thread *t, unsigned int n);
/*
 * Falco puts the text of whatever parameter it looks at to the start of one memory that it never clears. What
 * it prints for a buffer that is empty or none is that memory, as far as the last buffer reached.
 * state_show() puts a text there; state_shown() is all that was ever put there, borrowed until the next one.
 */
void state_show(struct state *s, struct str text);
struct str state_shown(const struct state *s);

/* Users and groups of the host ("" container) or a container. NULL when not known. */
struct user {
	uint32_t uid, gid;
	struct rstr *name, *home, *shell;
};
struct group {
	uint32_t gid;
	struct rstr *name;
};
/* Of a container, or of the host ("" for its id). NULL when not known; 0 is always root. */
const struct user *state_user(const struct state *s, struct str container_id, uint32_t uid);
const struct group *state_group(const struct state *s, struct str container_id, uint32_t gid);
/* The texts are copied. 0 or -ENOMEM. */
int state_set_user(struct state *s, struct str container_id, uint32_t uid, uint32_t gid, struct str name,
		   struct str home, struct str shell);
int state_set_group(struct state *s, struct str container_id, uint32_t gid, struct str name);

/* Metadata of one container as the container event's JSON told it; NULL when not known. Opaque here. */
struct container;
const struct container *state_container(const struct state *s, struct str id);
/* The JSON text of its last container event (borrowed), for the fields that read single keys of it. */
struct str container_json(const struct container *c);

/* Metadata of captures (event/record.h). 0 or -ENOMEM; a table that is full counts a drop. */
int state_add_process(struct state *s, const struct process_record *p);
int state_add_fd(struct state *s, int64_t tid, const struct fd_record *fd);
/*
 * What is known now, in the form in which a capture lists it: threads with their own descriptors, containers
 * by the text of their last event. Either of process (with fd) and container may be NULL. The event at hand
 * has been applied; what it ends is left out. Negative of a callback ends it and is returned.
 */
struct state_lister {
	void *context;
	int (*process)(void *context, const struct process_record *p);
	int (*fd)(void *context, int64_t tid, const struct fd_record *fd);
	int (*container)(void *context, struct str json);
};
int state_list(struct state *s, const struct state_lister *to);
void state_set_machine(struct state *s, const struct machine_record *m); /* copied */
int state_add_interface(struct state *s, const struct interface_record *i);
/*
 * Whether an address is one of the machine's own, as Falco decides it for fd.lip and kin: IPv4 by an equal interface
 * address, IPv6 by an interface in the same /64; for a thread in another container (with the container plugin) by the
 * address of its container, or of any container when its own is not known, and never for IPv6.
 */
bool state_is_local(const struct state *s, const struct thread *t, const struct ip *ip);

/*
 * cwd + path (or the dirfd's directory + path), folded lexically, as fd.name has it. Text lives in arena-like
 * scratch until settle.
 */
struct str state_resolve_path(struct state *s, struct thread *t, int64_t dirfd, struct str path);

void state_stats(const struct state *s, struct state_stats *ret_stats);

/* ---- memory of others on our objects ------------------------------------------------------------------- */

/* Called before a thread object dies, so that the engine frees its memo. */
void state_on_thread_free(struct state *s, void (*hook)(void *context, struct thread *t), void *context);

/* ---- attributes by name -------------------------------------------------------------------------------- */

/*
 * Thread and fd attributes are also reachable by name: that is what plugins' state tables are made of.
 * Built-in ones are rows of attributes.def; a run-time one gets a slot on every object. A handle is an index
 * from 0 up, built-in ones first.
 */
enum attribute_owner { ATTRIBUTE_THREAD, ATTRIBUTE_FD };
enum attribute_kind {
	ATTRIBUTE_I8,
	ATTRIBUTE_I16,
	ATTRIBUTE_I32,
	ATTRIBUTE_I64,
	ATTRIBUTE_U8,
	ATTRIBUTE_U16,
	ATTRIBUTE_U32,
	ATTRIBUTE_U64,
	ATTRIBUTE_BOOL,
	ATTRIBUTE_TEXT,
	ATTRIBUTE_LIST, /* built-in only */
	ATTRIBUTE_ENUM, /* likewise */
};
struct attribute_value {
	union {
		int64_t i; /* I* */
		uint64_t u; /* U*, BOOL, ENUM */
	};
	struct str text; /* TEXT, LIST: borrowed */
};

/* Handle; -EEXIST, -ENOMEM, -EINVAL for a kind that is built-in only, -ENOSPC beyond STATE_ATTRIBUTES. */
int state_attribute_add(struct state *s, enum attribute_owner owner, struct str name, enum attribute_kind kind);
int state_attribute_find(const struct state *s, enum attribute_owner owner, struct str name); /* handle, or -ENOENT */
/* -ENOENT past the last handle. */
int state_attribute_get(const struct state *s, enum attribute_owner owner, int handle, struct str *ret_name,
			enum attribute_kind *ret_kind);
/* What was never written is 0 or empty. -ENOENT for a handle that is none. */
int state_attribute_read(const struct state *s, enum attribute_owner owner, const void *object, int handle,
			 struct attribute_value *ret_value);
/* The same, and -ENOMEM. An fd that tables share is to be made one's own first (fdtable_own()). */
int state_attribute_write(struct state *s, enum attribute_owner owner, void *object, int handle,
			  const struct attribute_value *value);

#endif
