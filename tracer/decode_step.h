/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_DECODE_STEP_H
#define MONITOR_TRACER_DECODE_STEP_H

#include "tracer/decode.h"
#include "tracer/native_flags.h"

/*
 * The steps of encodings.def: each puts one parameter (or .count of them) of the event that is being built. What only
 * the result tells is put as unknown while there is none; what cannot be read in the caller's memory is absent.
 */
struct step {
	void (*put)(const struct call *c, const struct step *s, struct event_builder *b);
	uint8_t arg;
	uint8_t count; /* parameters */
	const struct native_set *set;
};

#define STEP(name) void name(const struct call *c, const struct step *s, struct event_builder *b)

/* decode.c */
STEP(put_result);
STEP(put_int);
STEP(put_raw);
STEP(put_u32);
STEP(put_bits);
STEP(put_path);
STEP(put_zero);
STEP(put_code);
STEP(put_number);

/* decode_file.c */
STEP(put_open_flags);
STEP(put_bare_open_flags); /* without an access mode */
STEP(put_open_mode);
STEP(put_creat_mode);
STEP(put_open_how);
STEP(put_dev);
STEP(put_ino);
STEP(put_opened_path);
STEP(put_out_path);
STEP(put_pipe);
STEP(put_mount_flags);
STEP(put_fsconfig_value);

/* decode_argument.c */
STEP(put_out_u32);
STEP(put_caps);
STEP(put_prctl);
STEP(put_ptrace);
STEP(put_rlimit);
STEP(put_old_rlimit);
STEP(put_keyctl);
STEP(put_quota);
STEP(put_quota_command);
STEP(put_quota_type);
STEP(put_interval);
STEP(put_sigset);
STEP(put_offset);
STEP(put_semop);
STEP(put_memory_use);
STEP(put_io_uring);

/* decode_data.c */
STEP(put_sent);
STEP(put_received);
STEP(put_module);
STEP(put_moved);
STEP(put_sent_vector);
STEP(put_received_vector);
STEP(put_vector_size);
STEP(put_result_size);
STEP(put_sent_message);
STEP(put_received_message);
STEP(put_received_first);
STEP(put_message_size);
STEP(put_first_length);
STEP(put_control);
STEP(put_polled);

/* decode_socket.c */
STEP(put_domain);
STEP(put_sockaddr);
STEP(put_tuple_out);
STEP(put_tuple_in);
STEP(put_tuple_message);
STEP(put_tuple_accepted);
STEP(put_socketpair);
STEP(put_sockopt_name);
STEP(put_sockopt);

/* Puts unknown and says true while there is no result. */
bool put_unknown_yet(const struct call *c, struct event_builder *b);
/* Whether the call has succeeded; false while it is not known. */
static inline bool call_succeeded(const struct call *c)
{
	return c->has_result && c->result >= 0;
}

#endif
