/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_STATE_RECEIVER_H
#define MONITOR_APP_STATE_RECEIVER_H

#include "source/scap.h"
#include "state/state.h"

/* The metadata of a capture, or of this machine, into the state. Lives as long as whoever was given &to. */
struct state_receiver {
	struct scap_receiver to;
	struct state *state;
	/* descriptor lists hold for the state; otherwise they are for other readers: see receive_fd() */
	bool known_fds;
};

void state_receiver_init(struct state_receiver *r, struct state *state, bool known_fds);

#endif
