/* A database as version 1 made it: a copy of the first migration, which never changes, and rows. */
#pragma once

#include "store_fixture.h"

static const char v1_schema[] =
        "CREATE TABLE meta ("
        " key TEXT PRIMARY KEY NOT NULL,"
        " value TEXT NOT NULL) STRICT;"

        "CREATE TABLE cuff ("
        " address TEXT PRIMARY KEY NOT NULL CHECK (length(address) = 17),"
        " name TEXT NOT NULL, model TEXT NOT NULL, serial TEXT NOT NULL, firmware TEXT NOT NULL,"
        " hardware TEXT NOT NULL, manufacturer TEXT NOT NULL,"
        " feature INTEGER, paired_at INTEGER, last_seen INTEGER, last_sync INTEGER,"
        " battery_percent INTEGER, clock_drift_s INTEGER,"
        " clock_refused INTEGER NOT NULL, bond_lost INTEGER NOT NULL) STRICT;"
        "CREATE TABLE user ("
        " cuff TEXT NOT NULL CHECK (length(cuff) = 17), user INTEGER NOT NULL,"
        " name TEXT NOT NULL DEFAULT '', person TEXT NOT NULL DEFAULT '',"
        " PRIMARY KEY (cuff, user)) STRICT;"
        "CREATE TABLE measurement ("
        " arrival INTEGER PRIMARY KEY,"
        " id TEXT NOT NULL UNIQUE,"
        " cuff TEXT NOT NULL, user INTEGER NOT NULL,"
        " taken TEXT, taken_seconds INTEGER, record INTEGER,"
        " systolic INTEGER NOT NULL, diastolic INTEGER NOT NULL, mean INTEGER, pulse INTEGER,"
        " irregular_heartbeat INTEGER, body_movement INTEGER, cuff_fit_ok INTEGER,"
        " position_ok INTEGER,"
        " received_at INTEGER NOT NULL, measured_at INTEGER NOT NULL, clock_ok INTEGER NOT NULL,"
        " source TEXT NOT NULL, raw BLOB NOT NULL,"
        " FOREIGN KEY (cuff, user) REFERENCES user) STRICT;"
        "CREATE INDEX measurement_newest ON measurement (cuff, user, measured_at);"
        "CREATE INDEX measurement_known ON measurement (cuff, user, taken_seconds);"

        "CREATE TABLE outbox ("
        " sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
        " measurement INTEGER NOT NULL UNIQUE REFERENCES measurement) STRICT;"

        "CREATE TABLE rejected ("
        " arrival INTEGER PRIMARY KEY,"
        " cuff TEXT NOT NULL, uuid TEXT NOT NULL, raw BLOB NOT NULL, why TEXT NOT NULL,"
        " received_at INTEGER NOT NULL) STRICT;"
        "PRAGMA user_version = 1;";

/* What a sample(.., 10), a sample(.., 20) and so on left there, all still in the outbox. */
static const char v1_rows[] =
        "INSERT INTO meta VALUES ('inst', 'cuff2mqtt_0123456789ab');"
        "INSERT INTO cuff VALUES ('AA:BB:CC:00:11:22', 'Kitchen', 'BP7350', '', '', '', 'OMRON',"
        " 39, 1, 2, 3, 80, -3, 0, 0);"
        "INSERT INTO user VALUES ('AA:BB:CC:00:11:22', 1, 'Anna', 'anna');"
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
        "INSERT INTO measurement SELECT i, 'v1-' || i, 'AA:BB:CC:00:11:22', 1,"
        " strftime('%%Y-%%m-%%d %%H:%%M:%%S', %lld + 10 * i, 'unixepoch'), %lld + 10 * i, NULL,"
        " 120, 80, NULL, 60, 0, NULL, NULL, NULL, %d, %d + 10 * i, 1, '2a35', x'047800' FROM n;"
        "INSERT INTO outbox SELECT arrival, arrival FROM measurement;"
        "INSERT INTO rejected VALUES (1, 'AA:BB:CC:00:11:22', '2a35', x'01', 'EBADMSG', 1);";

static inline void fixture_v1(const struct fixture *f, int n) {
        const struct store_measurement first = sample("", 0);
        const long long taken = date_time_to_seconds(&first.measurement.taken);
        char rows[2000];

        CHECK_EQ(fixture_sql(f, v1_schema), 0);
        snprintf(rows, sizeof rows, v1_rows, n, taken, taken, NOON, NOON);
        CHECK_EQ(fixture_sql(f, rows), 0);
}
