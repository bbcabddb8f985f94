/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_told.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/event_wire.h"

#define TOLD_FILES   4096 /* of all threads; a power of two */
#define TOLD_LEARNED 64 /* kinds of opens, and file systems; likewise */
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

struct scap_told {
	uint32_t generation;
	uint32_t latest; /* where the last directory that was opened stands */
	uint8_t usual[EV_COUNT]; /* by event type: 1 + the parameter whose descriptor is asked about; 0 = none */
	struct learned flags[TOLD_LEARNED], mounts[TOLD_LEARNED]; /* what opens were asked for → what answers say; device → mount */
	struct event_builder guess, given;
	struct strbuf path;
	struct file files[TOLD_FILES];
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

/* ---- the memory ---- */

static uint32_t place(int64_t tid, int64_t fd)
{
	return (uint32_t)((((uint64_t)tid * 0x9e3779b97f4a7c15u) >> 40) + (uint64_t)fd) & (TOLD_FILES - 1);
}

static const struct file *find(const struct scap_told *t, int64_t tid, int64_t fd)
{
	const struct file *f = &t->files[place(tid, fd)];

	return f->generation == t->generation && f->tid == tid && f->fd == fd ? f : NULL;
}

static struct file *put(struct scap_told *t, int64_t tid, int64_t fd, struct str answer)
{
	struct file *f = &t->files[place(tid, fd)];

	f->generation = 0;
	strbuf_reset(&f->answer);
	f->answer.failed = false;
	strbuf_addstr(&f->answer, answer);
	if (f->answer.failed)
		return NULL;
	f->generation = t->generation;
	f->tid = tid;
	f->fd = fd;
	f->guessed = false;
	return f;
}

static struct str wire(const struct event *ev)
{
	return (struct str){ (const char *)ev->bytes, ev->len };
}

static bool same_answer(const struct file *f, const struct event *answer)
{
	struct event own;

	/* all but the number: the event has that, and what is known may be of another one */
	return f->answer.len == answer->len && event_read(&own, f->answer.ptr, f->answer.len, NULL) == 0 && own.type == answer->type &&
	       memcmp(f->answer.ptr + EVENT_HEADER_BYTES, answer->bytes + EVENT_HEADER_BYTES, 2 * (size_t)own.nparams) == 0 &&
	       own.values + 4 <= own.bytes + own.len &&
	       memcmp(own.values + 4, answer->values + 4, own.len - (size_t)(own.values + 4 - own.bytes)) == 0;
}

static const struct file *latest(const struct scap_told *t, int64_t tid)
{
	const struct file *f = &t->files[t->latest];

	return f->generation == t->generation && f->tid == tid ? f : NULL;
}

static struct learned *learned(struct learned *of, uint32_t key)
{
	return &of[(key * 0x9e3779b1u) >> 26 & (TOLD_LEARNED - 1)];
}

static uint32_t guess(struct learned *of, uint32_t key)
{
	const struct learned *l = learned(of, key);

	return l->key == key ? l->value : 0;
}

bool scap_told_holds(const struct event *ev)
{
	return ev->info->category & EC_ITER && ev->type != EV_ITER_TASK_E && ev->flags & EVENT_FLAG_STATE_ONLY && ev->nparams &&
	       event_param(ev, 0).len == 4;
}

/* ---- notes ---- */

static const struct file *noted(const struct scap_told *t, const struct event *ev, uint32_t notes, int64_t *ret_fd)
{
	uint32_t param = (notes & SCAP_NOTE_PARAM) >> SCAP_NOTE_PARAM_SHIFT;

	if ((notes & SCAP_NOTE_ANSWER) == SCAP_NOTE_NONE)
		return NULL;
	if ((notes & SCAP_NOTE_ANSWER) == SCAP_NOTE_USUAL) {
		if (!t->usual[ev->type])
			return NULL;
		param = t->usual[ev->type] - 1u;
	}
	if (param >= ev->nparams || ev->info->params[param].type != PT_FD)
		return NULL;
	*ret_fd = event_param_int(ev, param);
	if (*ret_fd < 0 || *ret_fd > INT32_MAX)
		return NULL;
	return (notes & SCAP_NOTE_ANSWER) == SCAP_NOTE_LATEST ? latest(t, ev->tid) : find(t, ev->tid, *ret_fd);
}

static int param_of(const struct event *ev, int64_t fd)
{
	for (uint32_t i = 0; i < ev->nparams && i < 32; i++)
		if (ev->info->params[i].type == PT_FD && event_param_int(ev, i) == fd)
			return (int)i;
	return -1;
}

int64_t scap_told_note(const struct scap_told *t, const struct event *ev, const struct event *answer)
{
	int64_t fd;
	const struct file *usual = noted(t, ev, SCAP_NOTE_USUAL, &fd), *f;
	int param;

	if (!answer)
		return usual ? SCAP_NOTE_NONE : SCAP_NOTE_USUAL;
	if (answer->tid != ev->tid)
		return -ENOENT;
	if (usual && fd == event_param_int(answer, 0) && same_answer(usual, answer))
		return SCAP_NOTE_USUAL;
	param = param_of(ev, event_param_int(answer, 0));
	if (param < 0)
		return -ENOENT;
	f = find(t, ev->tid, event_param_int(answer, 0));
	if (f && same_answer(f, answer))
		return SCAP_NOTE_SAME | (int64_t)param << SCAP_NOTE_PARAM_SHIFT;
	f = latest(t, ev->tid);
	if (f && same_answer(f, answer))
		return SCAP_NOTE_LATEST | (int64_t)param << SCAP_NOTE_PARAM_SHIFT;
	return -ENOENT;
}

int scap_told_answer(struct scap_told *t, const struct event *ev, uint32_t notes, struct event *ret_answer, struct error *err)
{
	int64_t fd = -1;
	const struct file *f = noted(t, ev, notes, &fd);
	struct event known;
	int r;

	if (!f)
		return 0;
	r = event_read(&known, f->answer.ptr, f->answer.len, err);
	if (r < 0)
		return r;
	event_begin(&t->given, known.type, ev->ts, ev->tid);
	event_put_int(&t->given, fd);
	for (uint32_t i = 1; i < known.nparams; i++)
		event_put_bytes(&t->given, event_param(&known, i));
	r = event_end(&t->given, ret_answer, err);
	if (r < 0)
		return r;
	ret_answer->cpu = ev->cpu;
	ret_answer->flags = EVENT_FLAG_STATE_ONLY;
	return 1;
}

/* ---- what follows from opens ---- */

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

struct str scap_told_path(struct scap_told *t, const struct event *ev)
{
	const struct open_row *row = open_row(ev->type);
	struct str path, base;

	if (!row || event_param_int(ev, 0) < 0)
		return STR("");
	path = event_param_text(ev, (unsigned int)row->path);
	if (!path.len || path.ptr[0] == '/')
		return path;
	base = path_of(find(t, ev->tid, folder_of(ev, row)));
	if (!base.len)
		return STR("");
	strbuf_reset(&t->path);
	strbuf_addstr(&t->path, base);
	if (!str_eq(path, STR("."))) {
		if (base.ptr[base.len - 1] != '/')
			strbuf_addc(&t->path, '/');
		strbuf_addstr(&t->path, path);
	}
	return t->path.failed ? STR("") : strbuf_str(&t->path);
}

/* A directory that the path is relative to, when that is the current one, follows from where the path has led. */
static int add_cwd(struct scap_told *t, const struct event *ev, struct str path, struct str real_path)
{
	struct event guess;
	struct str base = { real_path.ptr, real_path.len - path.len };

	if (base.len > 1)
		base.len--;
	event_begin(&t->guess, EV_ITER_TASK_FILE_DIRECTORY_E, 0, ev->tid);
	event_put_int(&t->guess, CWD);
	event_put_text(&t->guess, base);
	event_put_int(&t->guess, 0);
	return event_end(&t->guess, &guess, NULL) == 0 && put(t, ev->tid, CWD, wire(&guess)) ? 0 : -ENOMEM;
}

static int add_open(struct scap_told *t, const struct event *ev, const struct open_row *row, struct str real_path)
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
	if (path.len && path.ptr[0] != '/' && folder_of(ev, row) == CWD && real_path.len > path.len && str_ends(real_path, path) &&
	    real_path.ptr[real_path.len - path.len - 1] == '/')
		r = add_cwd(t, ev, path, real_path);
	if (r < 0)
		return r;
	event_begin(&t->guess, directory ? EV_ITER_TASK_FILE_DIRECTORY_E : EV_ITER_TASK_FILE_REGULAR_E, 0, ev->tid);
	event_put_int(&t->guess, fd);
	event_put_text(&t->guess, real_path);
	if (!directory) {
		event_put_int(&t->guess, guess(t->flags, asked));
		event_put_int(&t->guess, guess(t->mounts, dev));
	}
	event_put_int(&t->guess, (int64_t)event_param_uint(ev, (unsigned int)row->ino));
	f = event_end(&t->guess, &guessed, NULL) == 0 ? put(t, ev->tid, fd, wire(&guessed)) : NULL;
	if (!f)
		return -ENOMEM;
	f->guessed = true;
	f->asked = asked;
	f->dev = dev;
	if (directory)
		t->latest = (uint32_t)(f - t->files);
	return 0;
}

static int add_duplicate(struct scap_told *t, const struct event *ev)
{
	const struct file *f = find(t, ev->tid, event_param_int(ev, 1));
	int64_t fd = event_param_int(ev, 0);
	auto_strbuf struct strbuf copy = { 0 };

	if (!f || fd < 0 || fd > INT32_MAX || f->answer.len < EVENT_HEADER_BYTES)
		return 0;
	strbuf_addstr(&copy, strbuf_str(&f->answer));
	return !copy.failed && put(t, ev->tid, fd, strbuf_str(&copy)) ? 0 : -ENOMEM;
}

int scap_told_add_answer(struct scap_told *t, const struct event *answer)
{
	int64_t fd = event_param_int(answer, 0);
	const struct file *f = find(t, answer->tid, fd);

	if (f && f->guessed && answer->type == EV_ITER_TASK_FILE_REGULAR_E) {
		*learned(t->flags, f->asked) = (struct learned){ f->asked, (uint32_t)event_param_uint(answer, 2) };
		*learned(t->mounts, f->dev) = (struct learned){ f->dev, (uint32_t)event_param_uint(answer, 3) };
	}
	return put(t, answer->tid, fd, wire(answer)) ? 0 : -ENOMEM;
}

int scap_told_add(struct scap_told *t, const struct event *ev, struct str real_path, int64_t asked)
{
	const struct open_row *row = open_row(ev->type);
	int param = asked < 0 ? -1 : param_of(ev, asked);
	int64_t fd;

	if (param >= 0)
		t->usual[ev->type] = (uint8_t)(param + 1);
	else if (asked < 0 && noted(t, ev, SCAP_NOTE_USUAL, &fd))
		t->usual[ev->type] = 0;
	if (row)
		return add_open(t, ev, row, real_path);
	return duplicates(ev->type) ? add_duplicate(t, ev) : 0;
}

/* ---- life ---- */

struct scap_told *scap_told_new(void)
{
	struct scap_told *t = calloc(1, sizeof(*t));

	if (t)
		t->generation = 1;
	return t;
}

void scap_told_forget(struct scap_told *t)
{
	t->generation++;
	memset(t->usual, 0, sizeof(t->usual));
	memset(t->flags, 0, sizeof(t->flags));
	memset(t->mounts, 0, sizeof(t->mounts));
}

void scap_told_free(struct scap_told *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < TOLD_FILES; i++)
		strbuf_free(&t->files[i].answer);
	event_builder_free(&t->guess);
	event_builder_free(&t->given);
	strbuf_free(&t->path);
	free(t);
}
