/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_WRITE_META_H
#define MONITOR_SOURCE_SCAP_WRITE_META_H

#include "source/scap.h"

/*
 * The metadata blocks of a capture that is being written, gathered by their kind since they come in any
 * order. Texts beyond the format's limits are cut. Zero-initialise.
 */
struct scap_write_meta {
	struct strbuf machine, interfaces, users, processes; /* bodies */
	struct strbuf fds; /* finished blocks and, from fds_block on, the one that grows */
	size_t fds_block;
	int64_t fds_tid;
	bool has_fds; /* a block grows */
};

void scap_write_meta_receive(struct scap_write_meta *m, struct scap_receiver *ret_receiver);
/* Adds the section header with the origin as an option, and all blocks. 0 or -ENOMEM. */
int scap_write_meta_finish(struct scap_write_meta *m, const struct scap_origin *origin, struct strbuf *out);
void scap_write_meta_free(struct scap_write_meta *m);

#endif
