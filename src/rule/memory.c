/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "rule/program.h"

/*
 * The layout of a thread's memory: a bit for what is known of each node that reads only facts about the
 * process, and for each word of a plan; their truths; the plans' words.
 */

static void mark_stale(struct program *p, facts_t reads, uint32_t bit)
{
	for (unsigned int f = 0; f < 32; f++) {
		if (reads >> f & 1)
			p->stale[f][bit / 64] |= (uint64_t)1 << bit % 64;
	}
}

int memory_lay_out(struct program *p)
{
	uint32_t nodes = 0, bits;

	for (uint32_t i = NODE_CONSTANTS; i < p->nnodes; i++) {
		if (node_is_process_only(&p->nodes[i]))
			p->nodes[i].memo = (int32_t)nodes++;
	}
	bits = nodes;
	for (uint32_t i = 0; i < p->nplans; i++) {
		p->plans[i]->memo_bit = bits;
		if (p->plans[i]->reads)
			bits += (p->plans[i]->nrules + 63) / 64;
	}
	p->memo_known = (bits + 63) / 64;
	p->memo_truth = p->memo_known;
	p->memo_words = p->memo_truth + (nodes + 63) / 64;
	for (uint32_t i = 0; i < p->nplans; i++)
		p->plans[i]->memo_word = p->memo_words + p->plans[i]->memo_bit - nodes;
	p->memo_words += bits - nodes;

	for (unsigned int f = 0; f < 32; f++) {
		p->stale[f] = arena_array_of(p->arena, uint64_t, p->memo_known);
		if (!p->stale[f])
			return -ENOMEM;
	}
	for (uint32_t i = NODE_CONSTANTS; i < p->nnodes; i++) {
		if (p->nodes[i].memo >= 0)
			mark_stale(p, p->nodes[i].reads, (uint32_t)p->nodes[i].memo);
	}
	for (uint32_t i = 0; i < p->nplans; i++) {
		for (uint32_t w = 0; p->plans[i]->reads && w * 64 < p->plans[i]->nrules; w++)
			mark_stale(p, p->plans[i]->reads, p->plans[i]->memo_bit + w);
	}
	return 0;
}
