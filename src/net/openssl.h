/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_OPENSSL_H
#define MONITOR_NET_OPENSSL_H

#include "base/error.h"

/* OpenSSL. Before any of its functions is called; as library_load(). */
int openssl_load(struct error *err);

#endif
