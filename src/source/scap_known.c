/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_known.h"

#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "event/event_wire.h"

#define KNOWN_FILES   4096 /* of all threads; a power of two, as the next */
#define KNOWN_NUMBERS 256 /* of descriptors, whichever thread's */
#define KNOWN_LEARNED 64 /* kinds of opens, and file systems */
#define KNOWN_KINDS   ((EV_ITER_TASK_FILE_ANON_INODE_E - EV_ITER_TASK_FILE_PIPE_E) / 2 + 1) /* of answers */
#define ASKED_DIRECTORY 0x400u /* O_DIRECTORY in flags.def */
#define CWD	     (-100) /* AT_FDCWD: stands for the current directory where a descriptor would */

struct file {
	uint32_t generation; /* of the memory; another one = nothing is known */
	uint32_t asked, dev; /* of the open that it follows from */
	bool guessed; /* from an open, not from an answer */
	int64_t tid, fd;
	struct strbuf answer; /* wire form */
};

struct learned {
	uint32_t key, value;
};

struct scap_known {
	uint32_t generation;
	uint32_t latest; /* where the last directory that was opened stands */
	uint16_t numbers[KNOWN_NUMBERS]; /* by descriptor: where it was put last */
	uint8_t range; /* that is replaced next */
	uint64_t ranges[SCAP_KNOWN_RANGES]; /* the last inode of each */
	struct strbuf last[KNOWN_KINDS]; /* the last answer of each kind, wire form */
	struct strbuf recent[SCAP_KNOWN_RECENT]; /* likewise */
	uint8_t next_recent; /* that is replaced next */
	/* what opens were asked for → what answers say; device → mount */
	struct learned flags[KNOWN_LEARNED], mounts[KNOWN_LEARNED];
	struct event_builder guess;
	struct strbuf path;
	struct file files[KNOWN_FILES];
};

/* ---- opens ---- */

struct open_row {
	int8_t dirfd, path, flags, dev, ino; /* parameters; -1 = has none. 0 is the descriptor that was made */
};

static const struct open_row *open_row(uint16_t type)
{
	static const struct open_row open = { -1, 1, 2, 4, 5 }, creat = { -1, 1, -1, 3, 4 }, openat = { 1, 2, 3, 5, 6 },
				     openat2 = { 1, 2, 3, 6, 7 };

	switch (type) {
	case EV_SYSCALL_OPEN_X:
		return &open;
	case EV_SYSCALL_CREAT_X:
		return &creat;
	case EV_SYSCALL_OPENAT_2_X:
		return &openat;
	case EV_SYSCALL_OPENAT2_X:
		return &openat2;
	default:
		return NULL;
	}
}

static bool duplicates(uint16_t type)
{
	return type == EV_SYSCALL_DUP_1_X || type == EV_SYSCALL_DUP2_X || type == EV_SYSCALL_DUP3_X;
}

/* ---- places ---- */

static uint32_t place(int64_t tid, int64_t fd)
{
	return (uint32_t)((((uint64_t)tid * 0x9e3779b97f4a7c15u) >> 40) + (uint64_t)fd) & (KNOWN_FILES - 1);
}

static const struct file *find(const struct scap_known *k, int64_t tid, int64_t fd)
{
	const struct file *f = &k->files[place(tid, fd)];

	return f->generation == k->generation && f->tid == tid && f->fd == fd ? f : NULL;
}

static const struct file *find_shared(const struct scap_known *k, int64_t fd)
{
	const struct file *f = &k->files[k->numbers[(uint64_t)fd & (KNOWN_NUMBERS - 1)]];

	return f->generation == k->generation && f->fd == fd ? f : NULL;
}

static int put(struct scap_known *k, int64_t tid, int64_t fd, struct str answer, struct file **ret_file)
{
	uint32_t at = place(tid, fd);
	struct file *f = &k->files[at];

	*ret_file = f;
	f->generation = 0;
	strbuf_reset(&f->answer);
	if (answer.len > SCAP_TOLD_BYTES)
		return 0;
	strbuf_addstr(&f->answer, answer);
	if (f->answer.failed)
		return -ENOMEM;
	f->generation = k->generation;
	f->tid = tid;
	f->fd = fd;
	f->guessed = false;
	k->numbers[(uint64_t)fd & (KNOWN_NUMBERS - 1)] = (uint16_t)at;
	return 0;
}

static struct str wire(const struct event *ev)
{
	return (struct str){ (const char *)ev->bytes, ev->len };
}

static const struct file *latest(const struct scap_known *k, int64_t tid)
{
	const struct file *f = &k->files[k->latest];

	return f->generation == k->generation && f->tid == tid ? f : NULL;
}

static struct learned *learned(struct learned *of, uint32_t key)
{
	return &of[(key * 0x9e3779b1u) >> 26 & (KNOWN_LEARNED - 1)];
}

static uint32_t guess(struct learned *of, uint32_t key)
{
	const struct learned *l = learned(of, key);

	return l->key == key ? l->value : 0;
}

/* ---- sockets and pipes ---- */

bool scap_known_is_counted(uint16_t type)
{
	return type == EV_ITER_TASK_FILE_PIPE_E ||
	       (type >= EV_ITER_TASK_FILE_SOCKET_INET_E && type <= EV_ITER_TASK_FILE_SOCKET_NETLINK_E);
}

static int64_t distance(const struct scap_known *k, uint32_t range, uint64_t inode)
{
	return (int64_t)(inode - k->ranges[range]);
}

uint32_t scap_known_range(const struct scap_known *k, uint64_t inode)
{
	uint32_t best = SCAP_KNOWN_RANGES;

	for (uint32_t i = 0; i < SCAP_KNOWN_RANGES; i++) {
		int64_t d = distance(k, i, inode);

		if (d >= -SCAP_KNOWN_NEAR && d < SCAP_KNOWN_NEAR &&
		    (best == SCAP_KNOWN_RANGES || llabs(d) < llabs(distance(k, best, inode))))
			best = i;
	}
	return best;
}

static void add_inode(struct scap_known *k, uint64_t inode)
{
	uint32_t range = scap_known_range(k, inode);

	if (range == SCAP_KNOWN_RANGES) {
		range = k->range;
		k->range = (k->range + 1) % SCAP_KNOWN_RANGES;
	}
	k->ranges[range] = inode;
}

/* ---- opens that went well ---- */

static struct str path_of(const struct file *f)
{
	struct event ev;

	if (!f || event_read(&ev, f->answer.ptr, f->answer.len, NULL) < 0 || ev.type != EV_ITER_TASK_FILE_DIRECTORY_E)
		return STR("");
	return event_param_text(&ev, 1);
}

static int64_t folder_of(const struct event *ev, const struct open_row *row)
{
	return row->dirfd < 0 ? CWD : event_param_int(ev, (unsigned int)row->dirfd);
}

struct str scap_known_asked(struct scap_known *k, const struct event *ev, bool latest_folder, bool shared)
{
	const struct open_row *row = open_row(ev->type);
	struct str path, base;

	if (!row || event_param_int(ev, 0) < 0)
		return STR("");
	path = event_param_text(ev, (unsigned int)row->path);
	if (!path.len || path.ptr[0] == '/')
		return path;
	base = path_of(latest_folder ? latest(k, ev->tid) : find(k, ev->tid, folder_of(ev, row)));
	if (!base.len && shared)
		base = path_of(find_shared(k, folder_of(ev, row)));
	if (!base.len)
		return STR("");
	strbuf_reset(&k->path);
	strbuf_addstr(&k->path, base);
	if (!str_eq(path, STR("."))) {
		if (base.ptr[base.len - 1] != '/')
			strbuf_addc(&k->path, '/');
		strbuf_addstr(&k->path, path);
	}
	return k->path.failed ? STR("") : strbuf_str(&k->path);
}

/* A directory that the path is relative to, when that is the current one, follows from where the path has led. */
static int add_cwd(struct scap_known *k, const struct event *ev, struct str path, struct str real_path)
{
	struct event guess;
	struct file *f;
	struct str base = { real_path.ptr, real_path.len - path.len };

	if (base.len > 1)
		base.len--;
	event_begin(&k->guess, EV_ITER_TASK_FILE_DIRECTORY_E, 0, ev->tid);
	event_put_int(&k->guess, CWD);
	event_put_text(&k->guess, base);
	event_put_int(&k->guess, 0);
	return event_end(&k->guess, &guess, NULL) == 0 ? put(k, ev->tid, CWD, wire(&guess), &f) : -ENOMEM;
}

static int add_open(struct scap_known *k, const struct event *ev, const struct open_row *row, struct str real_path)
{
	struct str path = event_param_text(ev, (unsigned int)row->path);
	uint32_t asked = row->flags < 0 ? 0 : (uint32_t)event_param_uint(ev, (unsigned int)row->flags);
	uint32_t dev = (uint32_t)event_param_uint(ev, (unsigned int)row->dev);
	bool directory = asked & ASKED_DIRECTORY;
	int64_t fd = event_param_int(ev, 0);
	struct event guessed;
	struct file *f;
	int r = 0;

	if (fd < 0 || fd > INT32_MAX || !real_path.len)
		return 0;
	if (path.len && path.ptr[0] != '/' && folder_of(ev, row) == CWD && real_path.len > path.len &&
	    str_ends(real_path, path) && real_path.ptr[real_path.len - path.len - 1] == '/')
		r = add_cwd(k, ev, path, real_path);
	if (r < 0)
		return r;
	event_begin(&k->guess, directory ? EV_ITER_TASK_FILE_DIRECTORY_E : EV_ITER_TASK_FILE_REGULAR_E, 0, ev->tid);
	event_put_int(&k->guess, fd);
	event_put_text(&k->guess, real_path);
	if (!directory) {
		event_put_int(&k->guess, guess(k->flags, asked));
		event_put_int(&k->guess, guess(k->mounts, dev));
	}
	event_put_int(&k->guess, (int64_t)event_param_uint(ev, (unsigned int)row->ino));
	r = event_end(&k->guess, &guessed, NULL) == 0 ? put(k, ev->tid, fd, wire(&guessed), &f) : -ENOMEM;
	if (r < 0)
		return r;
	f->guessed = true;
	f->asked = asked;
	f->dev = dev;
	if (directory)
		k->latest = (uint32_t)(f - k->files);
	return 0;
}

static int add_duplicate(struct scap_known *k, const struct event *ev)
{
	const struct file *f = find(k, ev->tid, event_param_int(ev, 1));
	int64_t fd = event_param_int(ev, 0);
	auto_strbuf struct strbuf copy = { 0 };
	struct file *to;

	if (!f || fd < 0 || fd > INT32_MAX || f->answer.len < EVENT_HEADER_BYTES)
		return 0;
	strbuf_addstr(&copy, strbuf_str(&f->answer));
	return copy.failed ? -ENOMEM : put(k, ev->tid, fd, strbuf_str(&copy), &to);
}

static unsigned int kind_of(uint16_t type)
{
	return (type - EV_ITER_TASK_FILE_PIPE_E) / 2u;
}

static int add_kind(struct scap_known *k, const struct event *answer)
{
	unsigned int kind = kind_of(answer->type);

	if (kind >= KNOWN_KINDS || !answer->nparams)
		return 0;
	if (scap_known_is_counted(answer->type))
		add_inode(k, event_param_uint(answer, answer->nparams - 1));
	strbuf_reset(&k->last[kind]);
	if (answer->len <= SCAP_TOLD_BYTES)
		strbuf_addstr(&k->last[kind], wire(answer));
	return k->last[kind].failed ? -ENOMEM : 0;
}

/* Whether two answers tell the same of two descriptors. */
static bool same_file(struct str a, const struct event *b)
{
	struct event own;
	size_t lengths, rest;

	if (a.len != b->len || event_read(&own, a.ptr, a.len, NULL) < 0 || own.type != b->type ||
	    own.nparams != b->nparams)
		return false;
	lengths = (size_t)(own.values - own.bytes) - EVENT_HEADER_BYTES;
	rest = own.len - EVENT_HEADER_BYTES - lengths;
	return memcmp(own.bytes + EVENT_HEADER_BYTES, b->bytes + EVENT_HEADER_BYTES, lengths) == 0 && rest >= 4 &&
	       memcmp(own.values + 4, b->values + 4, rest - 4) == 0;
}

/* Ends of connections come and go. */
static int add_recent(struct scap_known *k, const struct event *answer)
{
	struct strbuf *at;

	if (answer->type == EV_ITER_TASK_FILE_SOCKET_INET_E || answer->type == EV_ITER_TASK_FILE_SOCKET_INET6_E)
		return 0;
	for (size_t i = 0; i < SCAP_KNOWN_RECENT; i++)
		if (same_file(strbuf_str(&k->recent[i]), answer))
			return 0;
	at = &k->recent[k->next_recent];
	k->next_recent = (k->next_recent + 1) % SCAP_KNOWN_RECENT;
	strbuf_reset(at);
	if (answer->len <= SCAP_TOLD_BYTES)
		strbuf_addstr(at, wire(answer));
	return at->failed ? -ENOMEM : 0;
}

int scap_known_add_answer(struct scap_known *k, const struct event *answer, bool written)
{
	int64_t fd = event_param_int(answer, 0);
	const struct file *f = find(k, answer->tid, fd);
	struct file *at;
	int r;

	if (f && f->guessed && answer->type == EV_ITER_TASK_FILE_REGULAR_E) {
		*learned(k->flags, f->asked) = (struct learned){ f->asked, (uint32_t)event_param_uint(answer, 2) };
		*learned(k->mounts, f->dev) = (struct learned){ f->dev, (uint32_t)event_param_uint(answer, 3) };
	}
	r = add_kind(k, answer);
	if (r == 0 && written)
		r = add_recent(k, answer);
	return r < 0 ? r : put(k, answer->tid, fd, wire(answer), &at);
}

int scap_known_add(struct scap_known *k, const struct event *ev, struct str real_path)
{
	const struct open_row *row = open_row(ev->type);

	if (row)
		return add_open(k, ev, row, real_path);
	return duplicates(ev->type) ? add_duplicate(k, ev) : 0;
}

/* ---- looks ---- */

static struct str answer_of(const struct file *f)
{
	return f ? strbuf_str(&f->answer) : STR("");
}

struct str scap_known_file(const struct scap_known *k, int64_t tid, int64_t fd)
{
	return answer_of(find(k, tid, fd));
}

struct str scap_known_shared(const struct scap_known *k, int64_t fd)
{
	return answer_of(find_shared(k, fd));
}

struct str scap_known_latest(const struct scap_known *k, int64_t tid)
{
	return answer_of(latest(k, tid));
}

struct str scap_known_like(const struct scap_known *k, uint16_t type)
{
	unsigned int kind = kind_of(type);

	return kind < KNOWN_KINDS ? strbuf_str(&k->last[kind]) : STR("");
}

struct str scap_known_recent(const struct scap_known *k, uint32_t place)
{
	return place < SCAP_KNOWN_RECENT ? strbuf_str(&k->recent[place]) : STR("");
}

uint64_t scap_known_inode(const struct scap_known *k, uint32_t range)
{
	return k->ranges[range % SCAP_KNOWN_RANGES];
}

/* ---- life ---- */

struct scap_known *scap_known_new(void)
{
	struct scap_known *k = calloc(1, sizeof(*k));

	if (k)
		k->generation = 1;
	return k;
}

void scap_known_forget(struct scap_known *k)
{
	k->generation++;
	k->range = 0;
	memset(k->ranges, 0, sizeof(k->ranges));
	memset(k->flags, 0, sizeof(k->flags));
	memset(k->mounts, 0, sizeof(k->mounts));
	for (size_t i = 0; i < KNOWN_KINDS; i++)
		strbuf_reset(&k->last[i]);
	k->next_recent = 0;
	for (size_t i = 0; i < SCAP_KNOWN_RECENT; i++)
		strbuf_reset(&k->recent[i]);
}

void scap_known_free(struct scap_known *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < KNOWN_FILES; i++)
		strbuf_free(&k->files[i].answer);
	for (size_t i = 0; i < KNOWN_KINDS; i++)
		strbuf_free(&k->last[i]);
	for (size_t i = 0; i < SCAP_KNOWN_RECENT; i++)
		strbuf_free(&k->recent[i]);
	event_builder_free(&k->guess);
	strbuf_free(&k->path);
	free(k);
}
