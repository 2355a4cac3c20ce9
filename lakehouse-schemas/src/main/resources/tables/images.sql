-- A picture, stored once.
-- key: image_id
-- check some_bytes: bytes <> ''
image_id STRING NOT NULL COMMENT 'SHA-256 of the bytes',
bytes BINARY NOT NULL COMMENT 'the file as it came',
width INT NOT NULL COMMENT 'pixels, after EXIF orientation',
height INT NOT NULL COMMENT 'pixels, after EXIF orientation'
