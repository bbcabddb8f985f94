/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_INTERNAL_H
#define MONITOR_STATE_INTERNAL_H

#include "base/arena.h"
#include "base/bytes.h"
#include "state/container.h"
#include "state/fdtable.h"
#include "state/interfaces.h"
#include "state/paths.h"
#include "state/state.h"
#include "state/threads.h"
#include "state/users.h"

/* What state/'s files share. Nobody outside includes this. */

/* A descriptor that an answer to a need put into a table: it holds for the call that asked. */
struct learnt {
	struct fdtable *fds; /* our reference */
	int64_t number; /* -1: not one of them, but that all were told */
};

struct attribute_names {
	struct added_attribute {
		struct rstr *name;
		enum attribute_kind kind;
	} *list; /* run-time attributes, by slot */
	uint32_t count;
};

/* What is to be done for each event type, in one place that an event looks at once. */
enum row_bit {
	ROW_THREAD = 1 << 0, /* is about the thread of its header */
	ROW_MAKE_UP = 1 << 1, /* ... which is made up when it is not known */
	ROW_FIND_FD = 1 << 2, /* ... and whose last descriptor it changes */
	ROW_USES_FD = 1 << 3,
	ROW_FD_EVENT = 1 << 4, /* uses, creates or destroys a descriptor */
	ROW_ANSWER = 1 << 5,
	ROW_TOUCHES = 1 << 6, /* counts as the thread's last event */
	ROW_QUIET = 1 << 7, /* changes nothing but that; see apply_quiet() */
	ROW_SHOWS = 1 << 8, /* is about no thread, but fields see the one of its header if it is known */
};

struct row {
	/* NULL: the type changes nothing */
	int (*handler)(struct state *s, const struct event *ev, struct subject *sub);
	int8_t fd_param; /* index of the descriptor that it uses, -1 = none */
	uint16_t bits;
};

struct state {
	struct state_options options;
	struct row rows[EV_COUNT];
	bool asks_fds, asks_threads; /* the source can be asked: it does not report all by itself */
	bool asks; /* any of these */
	bool pending; /* anything for settle() */
	struct threads threads;
	struct users users;
	struct containers containers;
	struct interfaces interfaces;
	struct machine_record machine;
	bool container_gone; /* by the event at hand */
	struct attribute_names attributes[2]; /* by enum attribute_owner */

	/* process and descriptor lists of a capture arrive in any order: they are linked before the first event */
	bool unlinked;
	uint64_t *server_ports; /* bit set of the listening ports in those lists */

	int64_t copied_tid; /* who has just made a child for its own parent (CLONE_PARENT); -1 = nobody */

	/* what the event at hand leaves for state_settle() */
	int64_t dead_tid; /* -1 = none */
	uint64_t dead_ts;
	struct thread *close_thread; /* NULL = none */
	int64_t close_number;
	struct fd *named; /* its name_changed is to be taken back; our reference */
	struct fd *scratch; /* of a preview; our reference */

	/* bit set of the ports that were seen to be listened on; only where descriptors are asked for */
	uint64_t listened[65536 / 64];

	struct learnt *learnt;
	size_t nlearnt, learnt_cap;
	int64_t asked_tid; /* the call that learnt ones belong to */
	uint64_t asked_call;

	struct arena *arena; /* paths handed out until the event is settled */
	bool arena_used;
	struct resolved {
		const struct thread *thread;
		int64_t dirfd;
		struct str path, result;
	} resolved; /* the last of them; valid while arena_used; forgotten over an answer */
	char path[PATHS_BYTES], directory[PATHS_BYTES];
	struct strbuf text; /* scratch for names */
	struct strbuf shown; /* state_show() */
	uint64_t fds_added, fds_removed, fds_dropped, fd_lookups_failed;
};

/* How one event type changes the state; sub is what Falco's reset() has found. 0 or -ENOMEM. */
typedef int (*state_handler)(struct state *s, const struct event *ev, struct subject *sub);
void dispatch_fill(struct row rows[EV_COUNT]);

/* The result of a call: its first parameter, of 8 bytes in all but a few types. */
static inline int64_t event_result(const struct event *ev)
{
	if (ev->nparams && ev->offset[1] == 8)
		return (int64_t)bytes_u64(ev->values);
	return event_param_int(ev, 0);
}

/* A descriptor parameter, of 8 bytes in all types. */
static inline int64_t event_fd(const struct event *ev, unsigned int i)
{
	if (i < ev->nparams && ev->offset[i + 1] - ev->offset[i] == 8)
		return (int64_t)bytes_u64(ev->values + ev->offset[i]);
	return -1;
}

/* A parameter of an unsigned type of 4 bytes; 0 as event_param_uint() where its length is another. */
static inline uint32_t event_u32(const struct event *ev, unsigned int i)
{
	if (i < ev->nparams && ev->offset[i + 1] - ev->offset[i] == 4)
		return bytes_u32(ev->values + ev->offset[i]);
	return 0;
}

/* The same for 8 bytes. */
static inline uint64_t event_u64(const struct event *ev, unsigned int i)
{
	if (i < ev->nparams && ev->offset[i + 1] - ev->offset[i] == 8)
		return bytes_u64(ev->values + ev->offset[i]);
	return 0;
}

static inline bool event_has(const struct event *ev, unsigned int i)
{
	return i < ev->nparams && ev->offset[i + 1] != ev->offset[i];
}

/*
 * Puts fd (takes the reference, NULL means no memory) into the thread's table and makes it the event's subject. A full
 * table is counted and no error.
 */
int subject_put_fd(struct state *s, struct subject *sub, struct fd *fd);
/* The event's own descriptor, for changing. NULL when there is none or memory is short. */
struct fd *subject_own_fd(struct subject *sub);
/* The enter event that this exit event completes, when it was kept. */
bool parse_enter_event(struct subject *sub, const struct event *ev, struct event *ret_enter);

/*
 * fd from the parameters of an open at its entry or exit; NULL without name, or no memory. Result parameters
 * may be unknown.
 */
struct fd *parse_open_fd(struct state *s, const struct event *ev, const struct event *enter, struct thread *t,
			 int64_t number, bool *ret_dir_unknown);

/* True: the event says who its thread is behind it, and the thread has become that (struct event_creds). */
bool state_take_creds(struct thread *t, const struct event *ev);
/* The current directory of t's process becomes path, taken from the present one when it is relative. 0 or -ENOMEM. */
int thread_set_cwd(struct state *s, struct thread *t, struct str path);
void thread_forget_cwd(struct thread *t); /* until it is told again; t may be NULL */
/* Arguments or environment, cleaned as all other text is. 0 or -ENOMEM. */
int thread_set_list(struct state *s, struct rstr **slot, struct str list);
int thread_set_args(struct state *s, struct thread *t, struct str list);
int thread_set_exepath(struct thread *t, struct str path); /* without the kernel's " (deleted)" */
/* Notes that a descriptor came from an answer, for sources that do not report all. 0 or -ENOMEM. */
int learnt_add(struct state *s, struct fdtable *fds, int64_t number);
/* What a process takes along of fds: not what one call has learnt, which is no other's. NULL when memory is short. */
struct fdtable *state_copy_fds(const struct state *s, const struct fdtable *fds);
void learnt_forget(struct state *s); /* and takes them out of their tables */
/* Notes that connections to a port of this machine are accepted: later answers about them have no direction. */
static inline void state_note_listened(struct state *s, uint16_t port)
{
	s->listened[port / 64] |= UINT64_C(1) << port % 64;
}
/* Keeps a descriptor that is in no table until the event is settled; fd may be NULL. Returns fd. */
struct fd *subject_scratch(struct state *s, struct fd *fd);
/* What the entry of a connect tells of its socket: a copy with the destination. NULL: nothing, or no memory. */
struct fd *parse_connect_preview(struct state *s, const struct event *ev, const struct fd *fd);

/* handlers, by the file that has them */
#define STATE_HANDLER(name) int name(struct state *s, const struct event *ev, struct subject *sub);
STATE_HANDLER(parse_clone)
STATE_HANDLER(parse_execve)
STATE_HANDLER(parse_procexit)
STATE_HANDLER(parse_chdir)
STATE_HANDLER(parse_fchdir)
STATE_HANDLER(parse_getcwd)
STATE_HANDLER(parse_chroot)
STATE_HANDLER(parse_setsid)
STATE_HANDLER(parse_setuid)
STATE_HANDLER(parse_setgid)
STATE_HANDLER(parse_setresuid)
STATE_HANDLER(parse_setresgid)
STATE_HANDLER(parse_capset)
STATE_HANDLER(parse_unshare)
STATE_HANDLER(parse_setns)
STATE_HANDLER(parse_prctl)
STATE_HANDLER(parse_setrlimit)
STATE_HANDLER(parse_prlimit)
STATE_HANDLER(parse_memory)
STATE_HANDLER(parse_switch)
STATE_HANDLER(parse_procinfo)
STATE_HANDLER(parse_open)
STATE_HANDLER(parse_close)
STATE_HANDLER(parse_close_range)
STATE_HANDLER(parse_dup)
STATE_HANDLER(parse_fcntl)
STATE_HANDLER(parse_pipe)
STATE_HANDLER(parse_anonymous)
STATE_HANDLER(parse_memfd)
STATE_HANDLER(parse_pidfd_open)
STATE_HANDLER(parse_pidfd_getfd)
STATE_HANDLER(parse_socket)
STATE_HANDLER(parse_bind)
STATE_HANDLER(parse_connect)
STATE_HANDLER(parse_accept)
STATE_HANDLER(parse_socketpair)
STATE_HANDLER(parse_send)
STATE_HANDLER(parse_recv)
STATE_HANDLER(parse_user)
STATE_HANDLER(parse_group)
STATE_HANDLER(parse_container_json)
STATE_HANDLER(parse_container_event)
STATE_HANDLER(parse_container_async)
STATE_HANDLER(parse_iter_task)
STATE_HANDLER(parse_iter_file)
STATE_HANDLER(parse_store_enter)
#undef STATE_HANDLER

#endif
