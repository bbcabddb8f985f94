/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_fill.h"

#include <errno.h>

#include "event/ext.h"
#include "source/scap_tasks.h"
#include "source/scap_told.h"

int scap_fill_start(struct scap_fill *f, enum scap_implied kind, struct error *err)
{
	if (kind > SCAP_IMPLIES_NEWEST)
		return error_set(err, -ENOTSUP,
				 "a newer monitor wrote this capture, and left out what this one cannot fill in "
				 "(implied=%u, %d is known)",
				 kind, SCAP_IMPLIES_NEWEST);
	if (kind >= SCAP_IMPLIES_TOLD && !f->told)
		f->told = scap_told_new();
	if (kind >= SCAP_IMPLIES_LISTED && !f->tasks)
		f->tasks = scap_tasks_new();
	if ((kind >= SCAP_IMPLIES_TOLD && !f->told) || (kind >= SCAP_IMPLIES_LISTED && !f->tasks))
		return error_set(err, -ENOMEM, "out of memory");
	if (f->told)
		scap_told_start(f->told, kind);
	if (f->tasks)
		scap_tasks_forget(f->tasks);
	f->kind = kind;
	f->notes = 0;
	f->asked = -1;
	f->waits = false;
	return 0;
}

void scap_fill_free(struct scap_fill *f)
{
	scap_told_free(f->told);
	scap_tasks_free(f->tasks);
}

void scap_fill_note(struct scap_fill *f, uint32_t flags)
{
	f->notes = flags & SCAP_NOTES;
	if (f->told && f->notes & SCAP_NOTE_FORGET)
		scap_told_forget(f->told);
}

/* The texts of such a record are the event's. */
static void imply(struct scap_fill *f, struct event *ev)
{
	if (ext_implied(ev, &f->ext))
		ev->ext = &f->ext;
}

/* The event itself, behind its answers. Returns 1: it is handed out. */
static int derive_facts(struct scap_fill *f, struct event *ev, struct error *err)
{
	struct event_ext guess;

	if (scap_told_facts(f->told, ev, scap_told_note(f->told, ev, f->notes), &guess) && !ev->ext) {
		f->ext = guess;
		ev->ext = &f->ext;
	}
	if (scap_told_add(f->told, ev, f->asked, f->notes) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	f->asked = -1;
	return 1;
}

/* What was left out because it follows; an answer becomes *ev, and its event waits. 1 or negative. */
static int derive(struct scap_fill *f, struct event *ev, struct error *err)
{
	struct event answer = *ev;
	bool written = scap_told_holds(ev);
	int r = 1;

	if (!written) {
		if (f->asked >= 0)
			return derive_facts(f, ev, err);
		r = scap_told_answer(f->told, ev, scap_told_note(f->told, ev, f->notes), &answer, err);
		if (r == 0)
			return derive_facts(f, ev, err);
		if (r < 0)
			return r;
		f->waiting = *ev;
		f->waits = true;
		*ev = answer;
	}
	f->asked = event_param_int(&answer, 0);
	return scap_told_add_answer(f->told, &answer, written) < 0 ? error_set(err, -ENOMEM, "out of memory") : 1;
}

int scap_fill_event(struct scap_fill *f, struct event *ev, struct error *err)
{
	if (f->kind >= SCAP_IMPLIES_TOLD)
		return derive(f, ev, err);
	if (f->kind && !ev->ext)
		imply(f, ev);
	return 1;
}

int scap_fill_waiting(struct scap_fill *f, struct event *ret_event, struct error *err)
{
	f->waits = false;
	*ret_event = f->waiting;
	return derive_facts(f, ret_event, err);
}
