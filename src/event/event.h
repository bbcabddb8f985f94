/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_EVENT_EVENT_H
#define MONITOR_EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "event/facts.h"

/* ---- the tables (events.def) --------------------------------------------------------------------------- */

/* Parameter types; the numbers are Falco's PT_* and appear in plugins and captures. */
enum param_type {
	PT_NONE = 0,
	PT_INT8 = 1,
	PT_INT16 = 2,
	PT_INT32 = 3,
	PT_INT64 = 4,
	PT_UINT8 = 5,
	PT_UINT16 = 6,
	PT_UINT32 = 7,
	PT_UINT64 = 8,
	PT_CHARBUF = 9,
	PT_BYTEBUF = 10,
	PT_ERRNO = 11,
	PT_SOCKADDR = 12,
	PT_SOCKTUPLE = 13,
	PT_FD = 14,
	PT_PID = 15,
	PT_FDLIST = 16,
	PT_FSPATH = 17,
	PT_SYSCALLID = 18,
	PT_SIGTYPE = 19,
	PT_RELTIME = 20,
	PT_ABSTIME = 21,
	PT_PORT = 22,
	PT_L4PROTO = 23,
	PT_SOCKFAMILY = 24,
	PT_BOOL = 25,
	PT_IPV4ADDR = 26,
	PT_DYN = 27,
	PT_FLAGS8 = 28,
	PT_FLAGS16 = 29,
	PT_FLAGS32 = 30,
	PT_UID = 31,
	PT_GID = 32,
	PT_DOUBLE = 33,
	PT_SIGSET = 34,
	PT_CHARBUFARRAY = 35,
	PT_CHARBUF_PAIR_ARRAY = 36,
	PT_IPV4NET = 37,
	PT_IPV6ADDR = 38,
	PT_IPV6NET = 39,
	PT_IPADDR = 40,
	PT_IPNET = 41,
	PT_MODE = 42,
	PT_FSRELPATH = 43,
	PT_ENUMFLAGS8 = 44,
	PT_ENUMFLAGS16 = 45,
	PT_ENUMFLAGS32 = 46,
	PT_FD32 = 47,
	PT_PID32 = 48,
	PT_COUNT
};

enum print_format { PF_NA, PF_DEC, PF_HEX, PF_10_PADDED_DEC, PF_ID, PF_DIR, PF_OCT };

enum event_category {
	EC_UNKNOWN = 0,
	EC_OTHER = 1,
	EC_FILE = 2,
	EC_NET = 3,
	EC_IPC = 4,
	EC_MEMORY = 5,
	EC_PROCESS = 6,
	EC_SLEEP = 7,
	EC_SYSTEM = 8,
	EC_SIGNAL = 9,
	EC_USER = 10,
	EC_TIME = 11,
	EC_IO_READ = 12,
	EC_IO_WRITE = 13,
	EC_IO_OTHER = 14,
	EC_WAIT = 15,
	EC_SCHEDULER = 16,
	EC_INTERNAL = 17,
	EC_MASK = 31,
	/* how the event comes about, or-ed to the above */
	EC_SYSCALL = 1 << 5,
	EC_TRACEPOINT = 1 << 6,
	EC_PLUGIN = 1 << 7,
	EC_METAEVENT = 1 << 8,
	EC_ITER = 1 << 9,
};

enum event_flag {
	EF_NONE = 0,
	EF_CREATES_FD = 1 << 0,
	EF_DESTROYS_FD = 1 << 1,
	EF_USES_FD = 1 << 2,
	EF_READS_FROM_FD = 1 << 3,
	EF_WRITES_TO_FD = 1 << 4,
	EF_MODIFIES_STATE = 1 << 5,
	EF_UNUSED = 1 << 6,
	EF_WAITS = 1 << 7,
	EF_SKIPPARSERESET = 1 << 8,
	EF_OLD_VERSION = 1 << 9,
	EF_CONVERTER_MANAGED = 1 << 10,
	EF_LARGE_PAYLOAD = 1 << 11, /* 32-bit parameter lengths */
};

static inline bool param_type_is_text(enum param_type type)
{
	return type == PT_CHARBUF || type == PT_FSPATH || type == PT_FSRELPATH;
}

enum event_type {
#define EVENT(number, id, ...) EV_##id = number,
#include "event/events.def"
#undef EVENT
	EV_COUNT
};

struct flag_set; /* event/flags.h */

struct param_info {
	const char *name;
	enum param_type type;
	enum print_format format;
	const struct flag_set *flags; /* NULL when the type has no names */
	int dirfd_param; /* index of the descriptor that a relative path starts at, -1 = not such a path */
};

struct event_info {
	const char *name;
	uint32_t category; /* EC_* */
	uint32_t flags; /* EF_* */
	facts_t writes; /* facts that are different after the event */
	facts_t derivable; /* those of them that the entry parameters already tell */
	uint32_t nparams;
	const struct param_info *params;
};

extern const struct event_info event_table[EV_COUNT];

static inline const struct event_info *event_info(uint16_t type)
{
	return type < EV_COUNT ? &event_table[type] : NULL;
}

static inline bool event_type_is_enter(uint16_t type)
{
	return (type & 1) == 0;
}

/* Index of the named parameter, or -1. */
int event_param_index(uint16_t type, struct str name);

/* ---- syscalls (syscalls-*.def, syscall_codes.def) ------------------------------------------------------ */

struct syscall_info {
	const char *name;
	uint16_t code; /* Falco's ppm_sc */
	uint16_t event; /* exit event type; EV_GENERIC_X for calls without one of their own */
};

/* By the number of the machine this is built for; NULL when unknown. */
const struct syscall_info *syscall_by_number(long number);
/* Falco's code: its name (NULL when unknown; code 0 is called unknown), and code by name (-1 when unknown). */
const char *syscall_code_name(unsigned int code);
int syscall_code(struct str name);
/* Whether calls of this code have no event type of their own, but the generic one. */
bool syscall_code_is_generic(unsigned int code);
#define SYSCALL_CODES 512 /* exclusive upper bound of ppm_sc codes */

/* ---- an event ------------------------------------------------------------------------------------------ */

/* Event block flags (scap) */
#define EVENT_FLAG_STATE_ONLY 1u /* keeps the tables right; not shown to rules. A number if UNSHOWN, too */
#define EVENT_FLAG_UNSHOWN    (1u << 31) /* ours: has a number, but is not shown to rules either */

/*
 * The extension record: facts that have no slot in Falco's tables. In a capture it travels as an asynchronous event
 * (type ASYNCEVENT_E, name "monitor") directly before its event; in memory it hangs on struct event.
 */
enum raced { RACED_NO, RACED_POSSIBLE, RACED_YES };
enum region { REGION_UNKNOWN, REGION_FILE, REGION_ANONYMOUS, REGION_STACK, REGION_COUNT };

/* Who the caller is behind its call, as the source's own user namespace has it: its call's numbers may mean others. */
struct event_creds {
	bool known;
	uint32_t uid, gid; /* effective */
	uint64_t cap_inheritable, cap_permitted, cap_effective;
};

struct event_ext {
	struct str real_path; /* what the kernel really opened or executed; empty = not known */
	struct str args; /* full argv, NUL-separated, beyond EVENT_STRING_BYTES; empty = the event has it all */
	struct str stack; /* the caller's frames, innermost first, one a line; empty = not taken */
	uint64_t ip; /* instruction pointer of the call; 0 = not known */
	enum region region; /* of the memory that ip points into */
	uint64_t stall_ns; /* how long the workload waited for us */
	enum raced raced;
	uint8_t verdict; /* enum verdict of source.h that was carried out */
	bool late; /* the process was first seen through /proc, its lineage may have gaps */
	bool cwd_apart; /* the thread's directory may not be its process's, or change by calls of others: NEED_CWD */
	struct event_creds creds;
};

/*
 * One event. It borrows: bytes, params and ext live until the source's next call. Copying the struct is fine
 * within that time.
 */
#define EVENT_SCHEMA "4.5.1" /* the version of Falco's event tables that these are */

struct event {
	uint64_t ts; /* epoch ns */
	int64_t tid;
	const struct event_info *info;
	const uint8_t *bytes; /* the wire form: header, lengths, values */
	const uint8_t *values; /* start of the values in bytes */
	uint32_t len;
	uint32_t nparams;
	uint16_t type; /* < EV_COUNT */
	uint16_t cpu;

	/* what event_clear_marks() clears stands together, so that it takes few stores */
	uint32_t flags; /* EVENT_FLAG_* */
	uint64_t number; /* evt.num, from 1; given by the pipeline */
	const struct event_ext *ext; /* NULL when there is none */
	/*
	 * A provisional event is a call at its entry. Parameters whose bit is set are unknown (not absent); facts
	 * that it will write and that cannot be derived are unknown too.
	 */
	uint64_t unknown_params; /* bit i: parameter i */
	facts_t unknown_facts;
	bool provisional;
	bool failure_only; /* by what cannot change any more, no rule can match should the call succeed */
	uint64_t call; /* source's cookie that joins a provisional event to its completed form; 0 = none */

	uint32_t offset[EVENT_MAX_PARAMS + 1]; /* parameter i is values[offset[i]] .. values[offset[i + 1]] */
};

/* What a source and the pipeline add to the bytes of an event: nothing yet. */
static inline void event_clear_marks(struct event *ev)
{
	ev->cpu = 0;
	ev->flags = 0;
	ev->number = 0;
	ev->ext = NULL;
	ev->unknown_params = 0;
	ev->unknown_facts = 0;
	ev->provisional = false;
	ev->failure_only = false;
	ev->call = 0;
}

/* The bytes of parameter i; empty when the event has fewer. An empty CHARBUF-like value means absent. */
static inline struct str event_param(const struct event *ev, unsigned int i)
{
	if (i >= ev->nparams)
		return (struct str){ "", 0 };
	return (struct str){ (const char *)ev->values + ev->offset[i], ev->offset[i + 1] - ev->offset[i] };
}

static inline bool event_param_unknown(const struct event *ev, unsigned int i)
{
	return i < 64 && (ev->unknown_params >> i & 1);
}

/* Text parameters without their final NUL. */
static inline struct str event_param_text(const struct event *ev, unsigned int i)
{
	struct str v = event_param(ev, i);

	if (v.len && v.ptr[v.len - 1] == '\0')
		v.len--;
	return v;
}

/* Integer parameters of any width and signedness, as their type says; 0 when the length does not fit the type. */
int64_t event_param_int(const struct event *ev, unsigned int i);
uint64_t event_param_uint(const struct event *ev, unsigned int i);

const char *param_type_name(enum param_type type); /* "CHARBUF", as Falco lists it */

/* Size of an integer type in bytes, negative when it is signed; 0 for types that are no integers. */
int param_type_integer_size(enum param_type type);

/*
 * A parameter of type DYN says in its first byte what the rest is (variants.def): its description, with the rest in
 * *ret_value. NULL for other types, an absent value or an unknown first byte.
 */
const struct param_info *event_param_variant(const struct event *ev, unsigned int i, struct str *ret_value);

/*
 * Reads one wire event of exactly len bytes (header V2, 26 bytes). Checks everything that later code relies on:
 * type known, nparams at most the table's, lengths sum up. Lengths are 32 bits for EF_LARGE_PAYLOAD types.
 * 0, -EBADMSG with the reason, or -ENOTSUP for a type that we do not know (skip it).
 */
int event_read(struct event *ret_event, const void *bytes, size_t len, struct error *err);

/* ---- building ------------------------------------------------------------------------------------------ */

/*
 * Builds one event into memory that the builder owns and reuses. Parameters are put in table order;
 * event_end() fills ret_event, which borrows from the builder until its next event_begin(). Parameters left
 * out at the end are absent. What does not fit the table (too many parameters, an integer for a text) is a
 * programming error and reported by event_end() as -EINVAL. CHARBUF-like values longer than
 * EVENT_STRING_BYTES (with their NUL) are cut, and .cut counts it. Zero-initialise.
 */
struct event_builder {
	struct strbuf out;
	uint32_t lengths[EVENT_MAX_PARAMS];
	uint32_t nparams;
	uint16_t type;
	uint64_t unknown_params;
	uint64_t cut;
	bool wrong;
};

void event_begin(struct event_builder *b, uint16_t type, uint64_t ts, int64_t tid);
void event_put_int(struct event_builder *b, int64_t v); /* the low bytes, width by the table; also for unsigned types */
void event_put_bytes(struct event_builder *b, struct str v); /* verbatim */
void event_put_text(struct event_builder *b, struct str v); /* adds the NUL */
void event_put_absent(struct event_builder *b); /* length 0 */
void event_put_unknown(struct event_builder *b); /* length 0 and marked unknown: provisional events */
int event_end(struct event_builder *b, struct event *ret_event, struct error *err);
void event_builder_free(struct event_builder *b);

/* Marks the event provisional: unknown_params from the builder, unknown_facts from the table. */
void event_make_provisional(struct event *ev, const struct event_builder *b);

/* A deep copy whose bytes (and extension) live in one heap block: free() the result. NULL when memory is short. */
struct event *event_copy(const struct event *ev);
/* Gives such a copy another time, also in its bytes. */
void event_set_time(struct event *copy, uint64_t ts);

#endif
