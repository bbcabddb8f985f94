/* SPDX-License-Identifier: Apache-2.0 */
#include "app/state_receiver.h"

static void receive_machine(void *context, const struct machine_record *m)
{
	struct state_receiver *r = context;

	state_set_machine(r->state, m);
}

static int receive_process(void *context, const struct process_record *process)
{
	struct state_receiver *r = context;

	return state_add_process(r->state, process);
}

static int receive_fd(void *context, int64_t tid, const struct fd_record *fd)
{
	struct state_receiver *r = context;

	/*
	 * live, the source was asked when a rule needed one; the answers are among the events, and hold for
	 * one of them
	 */
	return r->known_fds ? state_add_fd(r->state, tid, fd) : 0;
}

static int receive_user(void *context, uint32_t uid, uint32_t gid, struct str name, struct str home, struct str shell)
{
	struct state_receiver *r = context;

	return state_set_user(r->state, STR(""), uid, gid, name, home, shell);
}

static int receive_group(void *context, uint32_t gid, struct str name)
{
	struct state_receiver *r = context;

	return state_set_group(r->state, STR(""), gid, name);
}

static int receive_interface(void *context, const struct interface_record *i)
{
	struct state_receiver *r = context;

	return state_add_interface(r->state, i);
}

void state_receiver_init(struct state_receiver *r, struct state *state, bool known_fds)
{
	*r = (struct state_receiver){
		.to = {
			.context = r,
			.machine = receive_machine,
			.process = receive_process,
			.fd = receive_fd,
			.user = receive_user,
			.group = receive_group,
			.interface = receive_interface,
		},
		.state = state,
		.known_fds = known_fds,
	};
}
