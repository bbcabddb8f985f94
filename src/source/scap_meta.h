/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_META_H
#define MONITOR_SOURCE_SCAP_META_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "source/scap.h"

/* Block types. Old captures use a second number for the same layout. */
enum scap_block {
	SCAP_SECTION = 0x0a0d0d0a,
	SCAP_MACHINE = 0x201,
	SCAP_PROCESSES = 0x215, /* version 9 */
	SCAP_EVENT = 0x204,
	SCAP_EVENT_FLAGS = 0x208,
	SCAP_EVENT_V2 = 0x216,
	SCAP_EVENT_FLAGS_V2 = 0x217,
	SCAP_EVENT_V2_LARGE = 0x221,
	SCAP_EVENT_FLAGS_V2_LARGE = 0x222,
	SCAP_EVENT_OLD = (int)0x8010abcd,
};

/* The kinds of descriptors whose entries differ; state/fd.h has all numbers. */
enum scap_fd {
	SCAP_FD_IPV4 = 3,
	SCAP_FD_IPV6 = 4,
	SCAP_FD_IPV4_SERVER = 5,
	SCAP_FD_IPV6_SERVER = 6,
	SCAP_FD_UNIX = 8,
	SCAP_FD_REGULAR = 16,
	SCAP_FD_LAST = 21,
};

/* pcapng's option "shb_userappl" of a section header */
#define SCAP_OPTION_APPLICATION 4

/*
 * Reads the body of a metadata block (machine, processes, descriptors, users; others are skipped) and hands what is in
 * it to the receiver. The body may end with up to 3 bytes of padding. at is the body's offset in the file, for
 * messages.
 */
int scap_meta_read(uint32_t type, const uint8_t *body, size_t len, uint64_t at, const struct scap_receiver *receiver,
		   struct error *err);

#endif
