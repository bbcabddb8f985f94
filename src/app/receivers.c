/* SPDX-License-Identifier: Apache-2.0 */
#include "app/receivers.h"

#include "state/records.h"

static void pass_machine(void *context, const struct machine_record *m)
{
	struct receivers *r = context;
	const struct scap_receiver *copy = r->copy(r->owner);

	if (copy && copy->machine)
		copy->machine(copy->context, m);
	r->next->machine(r->next->context, m);
}

static int pass_process(void *context, const struct process_record *p)
{
	struct receivers *r = context;
	const struct scap_receiver *copy = r->copy(r->owner);

	if (copy && copy->process)
		(void)copy->process(copy->context, p);
	return r->next->process(r->next->context, p);
}

static int pass_fd(void *context, int64_t tid, const struct fd_record *fd)
{
	struct receivers *r = context;
	const struct scap_receiver *copy = r->copy(r->owner);

	if (copy && copy->fd)
		(void)copy->fd(copy->context, tid, fd);
	return r->next->fd(r->next->context, tid, fd);
}

static int pass_user(void *context, uint32_t uid, uint32_t gid, struct str name, struct str home, struct str shell)
{
	struct receivers *r = context;
	const struct scap_receiver *copy = r->copy(r->owner);

	if (copy && copy->user)
		(void)copy->user(copy->context, uid, gid, name, home, shell);
	return r->next->user(r->next->context, uid, gid, name, home, shell);
}

static int pass_group(void *context, uint32_t gid, struct str name)
{
	struct receivers *r = context;
	const struct scap_receiver *copy = r->copy(r->owner);

	if (copy && copy->group)
		(void)copy->group(copy->context, gid, name);
	return r->next->group(r->next->context, gid, name);
}

static int pass_interface(void *context, const struct interface_record *i)
{
	struct receivers *r = context;
	const struct scap_receiver *copy = r->copy(r->owner);

	if (copy && copy->interface)
		(void)copy->interface(copy->context, i);
	return r->next->interface(r->next->context, i);
}

const struct scap_receiver *receivers_join(struct receivers *r, const struct scap_receiver *(*copy)(void *owner),
					   void *owner, const struct scap_receiver *next)
{
	*r = (struct receivers){
		.copy = copy,
		.owner = owner,
		.next = next,
		.receiver = {
			.context = r,
			.machine = pass_machine,
			.process = pass_process,
			.fd = pass_fd,
			.user = pass_user,
			.group = pass_group,
			.interface = pass_interface,
		},
	};
	return &r->receiver;
}

/* A file's list entry counts from the process, not the thread that the events have in their header. */
int receivers_tell(const struct scap_receiver *to, const struct event *ev)
{
	if (ev->type == EV_ITER_TASK_E) {
		const struct process_record p = records_read_task(ev);

		return to->process(to->context, &p);
	}
	if (ev->info->category & EC_ITER) {
		const struct fd_record fd = records_read_file(ev);

		return to->fd(to->context, ev->tid & UINT32_MAX, &fd);
	}
	return 0;
}
