-- What a use of each of a programme's benefits was worth on a day (worth.sql). Reads only.
SELECT benefit_id, face_value FROM benefits_worth(%(programme)s) WHERE %(day)s BETWEEN starts_on AND ends_on
